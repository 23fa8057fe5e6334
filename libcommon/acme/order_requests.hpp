// Orders, authorizations and challenges (RFC 8555 sections 7.4 and 7.5). Blocking; on threads of the pool.
#pragma once

#include <string>

#include "acme/signed_request.hpp"
#include "net/http.hpp"

namespace p2p::acme {

inline constexpr std::size_t kOrdersOnPage = 100;

/// Section 7.4, with `replaces` of RFC 9773.
Outcome<net::Response> new_order(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);
Outcome<net::Response> order(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);
/// Section 7.1.2.1: newest first, kOrdersOnPage on a page.
Outcome<net::Response> orders_of_account(const ServerParts& parts, const SignedRequest& request,
                                         const Incoming& incoming);
/// Reads or deactivates (7.5.2).
Outcome<net::Response> authorization(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);

/// What answering a challenge gives: its present state, and the validation to start when this was the first time.
struct ChallengeAnswer {
  net::Response response;
  std::optional<Authorization> to_validate;
  std::string thumbprint;  ///< of the account's key, for the key authorization
};
/// Section 7.5.1. An empty payload only reads.
Outcome<ChallengeAnswer> challenge(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);

/// The order with its JSON and headers, as after each change.
Outcome<net::Response> order_answer(const ServerParts& parts, unsigned status, const Order& order);
/// The order of that id, if it is this account's; `malformed` with 404 otherwise.
Outcome<Order> own_order(const ServerParts& parts, const SignedRequest& request, std::string_view id);

}  // namespace p2p::acme
