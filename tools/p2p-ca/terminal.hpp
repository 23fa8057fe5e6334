// Questions to the person at the terminal, whatever stdin and stdout are.
#pragma once

#include <string>

#include "base/error.hpp"

namespace p2p::ca {

/// Asks on the controlling terminal; true for y or yes. `invalid` when there is none.
Result<bool> confirm(const std::string& question);

}  // namespace p2p::ca
