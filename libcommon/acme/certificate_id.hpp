// How RFC 9773 section 4.1 names a certificate: base64url(authority key id) "." base64url(serial), the serial with the
// bytes of its DER integer. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace p2p::acme {

struct CertificateId {
  Bytes authority_key_id;
  Bytes serial;  ///< big-endian magnitude without leading zeros, as in pki::CertificateFacts

  bool operator==(const CertificateId&) const = default;
};

std::string to_text(const CertificateId& id);
/// `invalid` for anything that to_text does not write.
Result<CertificateId> parse_certificate_id(std::string_view text);

}  // namespace p2p::acme
