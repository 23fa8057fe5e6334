// Whose rate limit a caller's requests count against. Pure.
#pragma once

#include <optional>

#include "auth/permission.hpp"
#include "ratelimit/client.hpp"

namespace p2p::auth {

/// The certificate that was shown, else the token, else the address; a view of `caller`. None for operators who showed
/// their certificate: they are not limited.
std::optional<ratelimit::Client> limited_client(const Caller& caller);

}  // namespace p2p::auth
