// Which errors of accept(2) go away by themselves, though not by trying at once: whoever gets one pauses.
#pragma once

#include <cerrno>

namespace p2p::net {

/// Of `errno`: no descriptors or no memory are left for one more connection.
constexpr bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace p2p::net
