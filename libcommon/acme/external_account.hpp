// External account binding (RFC 8555 section 7.3.4): whose invitation an account is made with.
#pragma once

#include <string>

#include "acme/signed_request.hpp"

namespace p2p::acme {

/// Checks the MAC with the invitation's key, that the binding is for this request and for the account's key, and then
/// redeems the invitation. The kid. `malformed` for a binding of wrong form, `unauthorized` for a wrong MAC and for an
/// invitation that is unknown, expired, used up or revoked.
Outcome<std::string> redeem_binding(const ServerParts& parts, const SignedRequest& request, const Json& binding);

}  // namespace p2p::acme
