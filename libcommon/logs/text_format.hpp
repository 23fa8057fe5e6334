// Records as lines for people: on a terminal, in a file, in the journal. Pure.
#pragma once

#include <string>
#include <string_view>

#include "logs/record.hpp"
#include "logs/time_expression.hpp"

namespace p2p::logs {

enum class LineStyle : unsigned char {
  plain,
  colour,  ///< the level coloured, with ANSI sequences
  journal  ///< sd-daemon(3): `<N>` in front, and no time, which the journal has
};

/// `2026-01-02T03:04:05.123Z WARNING  Gossip: message`, without line end, for the node's own stderr. Control characters
/// are escaped.
std::string format_own_line(const LogRecord& record, LineStyle style);

/// How a tool shows the records of many nodes.
struct LineLook {
  bool colour = false;   ///< levels by severity, each node's name in a colour of its own
  ZoneOffset zone = {};  ///< of times; none: UTC
  int digits = 3;        ///< of the fraction of seconds: 0, 3, 6 or 9
};

/// RFC 3339, as the look has it.
std::string format_time(WallTime time, const LineLook& look);

/// The line above with the node's name after the time; attrs follow the message.
std::string format_fleet_line(const LogRecord& record, const LineLook& look);

/// In the level's colour, if that is wanted. `text` is safe already.
std::string painted_by_level(LogLevel level, std::string_view text, bool colour);
/// A node's name, escaped, in the colour that it has in every run and on every machine.
std::string painted_node(std::string_view node_id, bool colour);

/// The SGR sequence of that colour.
std::string colour_of_node(std::string_view node_id);

}  // namespace p2p::logs
