// From an order that is ready to a certificate (RFC 8555 section 7.4). Blocking; on a thread of the pool.
#pragma once

#include "acme/signed_request.hpp"
#include "net/http.hpp"

namespace p2p::acme {

/// Answers with the valid order: signing takes milliseconds, so that nobody is sent away to poll. What is wrong with
/// the request for the certificate leaves the order ready, names that are refused now make it invalid, and a fault of
/// this side (a full disk) leaves it ready for another try.
Outcome<net::Response> finalize(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);

}  // namespace p2p::acme
