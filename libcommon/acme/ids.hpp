// Ids of the server's objects and tokens of its challenges.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/system_random.hpp"

namespace p2p::acme {

/// 128 random bits as 22 characters of base64url: what RFC 8555 section 8.1 asks of tokens.
inline std::string make_id() { return to_base64url(random_bytes(16)); }

}  // namespace p2p::acme
