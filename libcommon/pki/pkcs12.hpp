// Certificate, key and CA in one file with a password, as browsers, Windows and Java import it (PKCS#12, RFC 7292).
#pragma once

#include "crypto/secret.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

/// The file's bytes; AES-256 and HMAC-SHA256, keys derived by PBKDF2. `name` is what importing programs show.
Result<crypto::Secret> write_pkcs12(const Certificate& certificate, const EVP_PKEY& key, const Roots& roots,
                                    const std::string& name, const crypto::Secret& password);

}  // namespace p2p::pki
