// How one service looks to a person: where it is and how it is there, and its methods with their parameters.
#pragma once

#include <ostream>

#include "base/json.hpp"
#include "cli/table.hpp"

namespace p2p::ctl {

/// `places` is what services.describe answered, each with its `node`; not empty.
void show_service(std::ostream& out, const Json& places, const cli::Surface& surface);

}  // namespace p2p::ctl
