#include "cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/text.hpp"
#include "cli/command_line.hpp"
#include "cli/vault_access.hpp"
#include "config/home.hpp"

namespace p2p::cli {
namespace {

/// The options that every subcommand of a tool has.
struct CommonValues {
  bool help = false;
  bool version = false;
  bool quiet = false;
  bool verbose = false;
  std::string home;
  std::string format = "table";
  ConnectionFlags connection;
};

Options common_options(const Tool& tool, CommonValues& values) {
  Options out;
  if (tool.connects) {
    out.text("--coordinator", "HOST:PORT", values.connection.coordinator,
             "the coordinator to talk to (else $P2P_COORDINATOR, the context, 127.0.0.1:8001)");
    out.text("--context", "NAME", values.connection.context, "the fleet to talk to, as in \"p2p-ctl context ls\"");
    out.text("--cert", "FILE", values.connection.certificate,
             "the certificate to show (else $P2P_TOKEN, the context's)");
    out.text("--key", "FILE", values.connection.key, "the key of that certificate");
  }
  if (tool.prints_data) {
    out.choice("-o,--output", "FORMAT", values.format, {"table", "json", "yaml", "name"}, "how to print");
  }
  out.text("--home", "DIR", values.home, "where certificates and configuration are (else $P2P_HOME, ~/.p2p)");
  out.flag("-q,--quiet", values.quiet, "say only what went wrong");
  out.flag("-v,--verbose", values.verbose, "say what is being done");
  out.flag("-h,--help", values.help, "print this help");
  out.flag("--version", values.version, "print the version");
  return out;
}

std::vector<DeclaredCommand> declare_all(const Tool& tool) {
  std::vector<DeclaredCommand> out;
  for (const CommandEntry& entry : tool.commands) {
    DeclaredCommand& declared = out.emplace_back();
    declared.entry = &entry;
    declared.command = entry.make();
    declared.command->declare(declared.options);
  }
  return out;
}

/// By the tool's --output, or by the command's own.
bool asks_for_json(const Options& common, const DeclaredCommand* command) {
  const auto is_json = [](const Option& option) {
    const auto* format = std::get_if<std::string*>(&option.destination);
    return option.long_name() == "--output" && format != nullptr && **format == "json";
  };
  const auto any = [&](const Options& options) {
    return std::any_of(options.all().begin(), options.all().end(), is_json);
  };
  return any(common) || (command != nullptr && any(command->options));
}

int end_with(Reporter& report, const Failure& failure) {
  report.failure(failure);
  return failure.exit_code;
}

/// Nobody notices lost data on a full disk or a closed stdout otherwise.
int flushed(const Streams& streams, Reporter& report, int code) {
  streams.out.flush();
  if (streams.out.good()) return code;
  report.error("cannot write to standard output");
  return code == kDone ? static_cast<int>(kFailed) : code;
}

int run_checked(const Tool& tool, const std::vector<std::string>& arguments, const Streams& streams, Reporter& report) {
  CommonValues values;
  const Options common = common_options(tool, values);
  std::vector<DeclaredCommand> commands = declare_all(tool);
  if (arguments == std::vector<std::string>{"--dump-commands"}) {
    streams.out << describe_tool(tool, commands, common);
    return flushed(streams, report, kDone);
  }
  if (arguments.empty() && !tool.commands.front().path.empty()) {
    streams.err << help_text(tool, commands, common, nullptr);
    return kUsage;
  }
  const ParsedLine line = parse_command_line(tool, commands, common, arguments);
  if (values.help) {
    streams.out << help_text(tool, commands, common, line.command);
    return flushed(streams, report, kDone);
  }
  if (values.version) {
    streams.out << tool.name << ' ' << P2P_VERSION << '\n';
    return flushed(streams, report, kDone);
  }
  report.set_json(asks_for_json(common, line.command));
  if (line.failure) return end_with(report, *line.failure);
  if (values.quiet) report.set_verbosity(Verbosity::quiet);
  if (values.verbose) report.set_verbosity(Verbosity::verbose);

  auto home = config::find_home(values.home);
  if (!home) return end_with(report, home.error());
  Command& command = *line.command->command;
  if (tool.uses_vault && command.needs_home()) {
    const auto mounted = mount_vault(*home, command.config_flags());
    if (!mounted) return end_with(report, mounted.error());
  }
  Output output(streams.out, parse_format(values.format).value_or(Format::table), streams.surface);
  Session session{std::move(*home), report, output, streams.in, values.connection, streams.ask};
  const Attempt<void> done = command.run(session);
  return flushed(streams, report, done ? static_cast<int>(kDone) : end_with(report, done.error()));
}

}  // namespace

int run_tool(const Tool& tool, std::vector<std::string> arguments, const Streams& streams) {
  Reporter report(std::string(tool.name), streams.err, streams.err_colour);
  try {
    return run_checked(tool, arguments, streams, report);
  } catch (const std::exception& failure) {
    report.error(failure.what());
    return kFailed;
  }
}

}  // namespace p2p::cli
