// Records as lines for people: on a terminal, in a file, in the journal. Pure.
#pragma once

#include <string>

#include "logs/record.hpp"

namespace p2p::logs {

enum class LineStyle : unsigned char {
  plain,
  colour,  ///< the level coloured, with ANSI sequences
  journal  ///< sd-daemon(3): `<N>` in front, and no time, which the journal has
};

/// `2026-01-02T03:04:05.123Z WARNING  Gossip: message`, without line end, for the node's own stderr. Control characters
/// are escaped.
std::string format_own_line(const LogRecord& record, LineStyle style);

/// The same with the node's name after the time, for tools that show many nodes; attrs follow the message. `colour`
/// colours the level by its severity, and each node's name in a colour of its own.
std::string format_fleet_line(const LogRecord& record, bool colour);

}  // namespace p2p::logs
