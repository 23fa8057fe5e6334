// Certificates: fetching (RFC 8555 section 7.4.2), revoking (7.6), when to renew (RFC 9773). Blocking; on threads of
// the pool.
#pragma once

#include "acme/signed_request.hpp"
#include "net/http.hpp"

namespace p2p::acme {

/// How often clients ask again when to renew.
inline constexpr std::chrono::hours kRenewalInfoRetry{6};

Outcome<net::Response> certificate(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming);
/// For a certificate that this server issued: by the account that it was issued to, by one that is authorised for all
/// its names, or with the certificate's key.
Outcome<net::Response> revoke_certificate(const ServerParts& parts, const SignedRequest& request,
                                          const Incoming& incoming);
/// Not signed: open to all.
Outcome<net::Response> renewal_info(const ServerParts& parts, std::string_view certificate_id);

}  // namespace p2p::acme
