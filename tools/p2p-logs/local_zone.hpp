// This machine's time zone.
#pragma once

#include "logs/time_expression.hpp"

namespace p2p::logs {

/// By $TZ or the system's setting, with summer time as it is then.
ZoneOffset local_zone();

}  // namespace p2p::logs
