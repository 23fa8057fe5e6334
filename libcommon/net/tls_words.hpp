// What OpenSSL's words for a failure mean: it has no other form for what a person or another part is to be told of it.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::net {

/// One sentence for people, with `reason` (of ERR_reason_error_string(3), such as `unexpected eof while reading`)
/// behind it.
std::string tls_sentence(std::string_view reason);

/// The peer has refused this side's certificate: what its TLS alert (RFC 8446 section 6) says, such as `certificate
/// revoked`; none where it was another thing that failed. Of TLS 1.3 it comes after the first request. `error_text` may
/// end with a tls_sentence().
std::optional<std::string_view> refusal_in(std::string_view error_text);

/// The peer's certificate is not of a CA that is known here (X509_verify_cert_error_string(3)).
bool is_foreign_ca(const Error& error);

}  // namespace p2p::net
