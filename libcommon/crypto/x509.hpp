// Certificates as PEM and DER. What they say is read in pki/certificate.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "crypto/openssl.hpp"

namespace p2p::crypto {

/// Reads every CERTIFICATE block, in order; text and other blocks between are passed over. `name` begins the error's
/// text; `damaged` when there is none or one does not parse, `too_large` past `max_count`.
Result<std::vector<X509Ptr>> read_certificates(std::string_view pem, std::size_t max_count, const std::string& name);

/// Exactly one certificate, no bytes after it; `damaged` otherwise.
Result<X509Ptr> read_certificate_der(ByteView der);

/// Dates outside the range of WallTime are cut to it; `damaged` when it is no date.
Result<WallTime> to_wall_time(const ASN1_TIME* time);

std::string certificate_pem(const X509& certificate);
Bytes certificate_der(const X509& certificate);

}  // namespace p2p::crypto
