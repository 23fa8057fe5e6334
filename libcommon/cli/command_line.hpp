// Reads a command line by the declarations of a tool. The only file of it that knows CLI11 is command_line.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace p2p::cli {

struct ParsedLine {
  const DeclaredCommand* command = nullptr;  ///< none when the line did not get so far
  std::optional<Failure> failure;            ///< a usage error, said in our words; --help and --version come before it
};

/// Fills the destinations of all declared options.
ParsedLine parse_command_line(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common,
                              const std::vector<std::string>& arguments);

}  // namespace p2p::cli
