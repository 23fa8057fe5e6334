// Which services somebody stopped: kept in `service_state_file` and restored at start. Pure.
//
//   {"version": 1, "stopped": ["disk"]}
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::services {

/// Every service that is not named here is wanted running.
using StoppedServices = std::set<std::string, std::less<>>;

/// `damaged` when it is not what format_wanted_state writes.
Result<StoppedServices> parse_wanted_state(std::string_view text);
std::string format_wanted_state(const StoppedServices& stopped);

}  // namespace p2p::services
