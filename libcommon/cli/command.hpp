// The shape of a tool: a table of subcommands, each with its options, help text and example. Pure.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"

namespace p2p::cli {

/// How the command line says which node to talk to and as whom; empty where it does not.
struct ConnectionFlags {
  std::string coordinator{};
  std::string context{};
  std::string certificate{};
  std::string key{};
};

/// Asks the person at the terminal, whatever stdin and stdout are; true for yes. `invalid` without a terminal.
using Ask = std::function<Result<bool>(const std::string& question)>;

/// What a subcommand runs with.
struct Session {
  std::filesystem::path home;
  Reporter& report;
  Output& out;
  std::istream& in;  ///< read only when the user asked with `-`
  ConnectionFlags connection{};
  Ask ask{};  ///< none: there is no terminal

  /// Before something is lost: fails unless the person says yes. The command has a flag --yes that goes without it.
  Attempt<void> confirm(const std::string& question) const;
};

/// The flags --config and --set of a command that has them.
struct ConfigFlags {
  std::string file{};
  std::vector<std::string> settings{};
};

/// One subcommand. `declare` is called once, before `run`; options point into the object.
class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(Options&) {}
  virtual Attempt<void> run(Session& session) = 0;
  /// Whether it looks at files of home, so that a vault has to be opened first. After parsing.
  virtual bool needs_home() const { return true; }
  /// After parsing.
  virtual ConfigFlags config_flags() const { return {}; }
};

struct CommandEntry {
  std::string_view path;     ///< `call`, `context add`; empty for a tool without subcommands
  std::string_view summary;  ///< one sentence with a full stop
  std::string_view example;  ///< one or more whole command lines
  std::unique_ptr<Command> (*make)();
};

/// For scripts that come with the tool, such as completions: not in help, not in describe_tool(), never suggested.
inline bool is_hidden(std::string_view path) { return path.starts_with("__"); }

template <class T>
std::unique_ptr<Command> make_command() {
  return std::make_unique<T>();
}

struct Tool {
  std::string_view name;
  std::string_view summary;  ///< one sentence with a full stop
  std::span<const CommandEntry> commands;
  bool prints_data = true;  ///< has --output
  bool connects = false;    ///< has --coordinator, --context, --cert, --key
  bool uses_vault = true;   ///< finds the files of its home in the vault where there is one
};

/// A subcommand with the options that it declared.
struct DeclaredCommand {
  const CommandEntry* entry = nullptr;
  std::unique_ptr<Command> command;
  Options options;
};

/// The help of one subcommand, or of the tool (`command` none), for a terminal.
std::string help_text(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common,
                      const DeclaredCommand* command);

/// The whole tool as JSON: name, summary, version, options, and commands with path, summary, example, arguments and
/// options. Manual pages and completions are compared with it.
std::string describe_tool(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common);

}  // namespace p2p::cli
