// Counts of records as people see them in a terminal: a histogram and tables.
#pragma once

#include <string>

#include "cli/table.hpp"
#include "logs/log_stats.hpp"
#include "logs/text_format.hpp"

namespace p2p::logs {

/// As wide as the terminal, or as a usual one where there is none.
std::size_t width_of_stats(const cli::Surface& surface);

/// The `top` nodes and loggers are named. Safe for a terminal.
std::string view_stats(const LogStats& stats, std::size_t top, const cli::Surface& surface, const LineLook& look);

}  // namespace p2p::logs
