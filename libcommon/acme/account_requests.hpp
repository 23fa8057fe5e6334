// Accounts: making, changing, leaving (RFC 8555 section 7.3). Blocking; on threads of the pool.
#pragma once

#include "acme/signed_request.hpp"
#include "net/http.hpp"

namespace p2p::acme {

/// Section 7.3, with external account binding (7.3.4). The same key again gets the same account.
Outcome<net::Response> new_account(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);
/// Reads, updates or deactivates the account (7.3.2, 7.3.6).
Outcome<net::Response> account(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);
/// Section 7.3.5. The binding to the invitation stays with the account.
Outcome<net::Response> key_change(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);

/// What the account may ask for now: an empty grant without a binding; `unauthorized` when the invitation was revoked.
Outcome<Grant> grant_of(const ServerParts& parts, const Account& account);

}  // namespace p2p::acme
