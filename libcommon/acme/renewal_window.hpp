// When a CA would like a certificate to be renewed (RFC 9773). Pure.
#pragma once

#include "base/clock.hpp"

namespace p2p::acme {

struct RenewalWindow {
  WallTime start{};
  WallTime end{};  ///< after `start`
};

}  // namespace p2p::acme
