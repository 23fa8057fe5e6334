// The code with which a peer closed a channel (RFC 6455 section 7.4), as the code of an Error. Pure.
#pragma once

#include <optional>

#include "base/error.hpp"

namespace p2p::net {

/// What Channel::receive() fails with when the peer has closed with `code`, 0 where it named none; of kind `cancelled`.
Error closed_by_peer(unsigned code);

/// The code that the peer named; none of any other failure.
std::optional<unsigned> close_code_of(const Error& error) noexcept;

}  // namespace p2p::net
