// Runs a tool: reads the command line, answers --help and --version, runs the subcommand, and turns its failure into a
// message and an exit code.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace p2p::cli {

/// The world around a tool; a test passes its own.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Surface surface{};  ///< of `out`
  bool err_colour = false;
  Ask ask{};
};

/// `arguments` without the program's name. Returns the exit code; never throws. With `--dump-commands` alone it prints
/// describe_tool(), for the tests of manual pages and completions.
int run_tool(const Tool& tool, std::vector<std::string> arguments, const Streams& streams);

/// An Ask: `question [y/N] ` on the controlling terminal; anything but y and yes is no.
Result<bool> ask_on_terminal(const std::string& question);

/// The whole of a `main`: standard streams (closed ones included), terminal, NO_COLOR.
int main_of(const Tool& tool, int argc, char** argv);

}  // namespace p2p::cli
