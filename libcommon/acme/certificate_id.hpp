// How RFC 9773 section 4.1 names a certificate: base64url(authority key id) "." base64url(serial), the serial with the
// bytes of its DER integer. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "pki/certificate_id.hpp"

namespace p2p::acme {

/// The path element of renewalInfo, and the member `replaces` of an order.
std::string to_text(const pki::CertificateId& id);
/// `invalid` for anything that to_text does not write.
Result<pki::CertificateId> parse_certificate_id(std::string_view text);

}  // namespace p2p::acme
