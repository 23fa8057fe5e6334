// Reads what a certificate says out of OpenSSL's form of it.
#pragma once

#include "pki/certificate.hpp"

namespace p2p::pki {

/// `damaged` when an extension, a date or the key cannot be decoded, or a name holds a NUL.
Result<CertificateFacts> read_facts(X509& certificate);

}  // namespace p2p::pki
