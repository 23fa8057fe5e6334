#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/command.hpp"

namespace p2p::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kTextColumn = 28;  // where descriptions begin
constexpr std::size_t kHelpWidth = 88;

/// `-o, --output FORMAT`, `    --node ID`.
std::string left_side(const Option& option) {
  if (option.is_argument()) return option.names;
  std::string out;
  for (const std::string& name : split(option.names, ',')) out += (out.empty() ? "" : ", ") + name;
  if (!option.names.starts_with("-") || option.names.starts_with("--")) out = "    " + out;
  return option.placeholder.empty() ? out : out + " " + option.placeholder;
}

/// Wraps `text` so that it stands in a column of its own.
std::string entry(const std::string& left, std::string_view text) {
  std::string out = "  " + left;
  if (out.size() + 2 > kTextColumn)
    out += '\n' + std::string(kTextColumn, ' ');
  else
    out.append(kTextColumn - out.size(), ' ');
  std::size_t column = kTextColumn;
  bool first = true;
  for (const std::string& word : split(text, ' ')) {
    if (!first && column + 1 + word.size() > kHelpWidth) {
      out += '\n' + std::string(kTextColumn, ' ');
      column = kTextColumn;
      first = true;
    }
    out += (first ? "" : " ") + word;
    column += word.size() + (first ? 0 : 1);
    first = false;
  }
  return out + '\n';
}

std::string description_of(const Option& option) {
  return option.choices.empty() ? option.description
                                : fmt::format("{}: {}", option.description, join(option.choices, ", "));
}

std::string section(std::string_view title, std::span<const Option> options, bool arguments) {
  std::string lines;
  for (const Option& option : options) {
    if (option.is_argument() == arguments) lines += entry(left_side(option), description_of(option));
  }
  return lines.empty() ? lines : fmt::format("\n{}:\n{}", title, lines);
}

std::string usage_of(const Tool& tool, const DeclaredCommand& command) {
  std::string out = fmt::format("Usage: {}", tool.name);
  if (!command.entry->path.empty()) out += fmt::format(" {}", command.entry->path);
  for (const Option& option : command.options.all()) {
    if (!option.is_argument()) continue;
    const std::string name = option.names + (option.repeats ? "…" : "");
    out += option.min_count > 0 ? " " + name : " [" + name + "]";
  }
  return out + " [OPTION…]\n";
}

std::string examples(std::string_view text) {
  if (text.empty()) return {};
  std::string out = text.find('\n') == std::string_view::npos ? "\nExample:\n" : "\nExamples:\n";
  for (const std::string& line : split(text, '\n')) out += "  " + line + '\n';
  return out;
}

/// Those that begin with this one's words; all others of a tool that does something without any.
std::string subcommands(std::span<const DeclaredCommand> commands, std::string_view path) {
  std::string lines;
  for (const DeclaredCommand& one : commands) {
    const bool is_below = path.empty() ? !one.entry->path.empty() && !is_hidden(one.entry->path)
                                       : one.entry->path.starts_with(std::string(path) + " ");
    if (is_below) lines += entry(std::string(one.entry->path), one.entry->summary);
  }
  return lines.empty() ? lines : fmt::format("\nMore commands:\n{}", lines);
}

OrderedJson describe_options(std::span<const Option> options, bool arguments) {
  OrderedJson out = OrderedJson::array();
  for (const Option& option : options) {
    if (option.is_argument() != arguments) continue;
    OrderedJson one = OrderedJson::object();
    if (arguments) {
      one["name"] = option.names;
      one["required"] = option.min_count > 0;
    } else {
      one["names"] = split(option.names, ',');
      one["value"] = option.placeholder;
    }
    one["repeats"] = option.repeats;
    one["description"] = option.description;
    if (!option.choices.empty()) one["choices"] = option.choices;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string help_text(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common,
                      const DeclaredCommand* command) {
  if (command != nullptr) {
    return usage_of(tool, *command) + fmt::format("\n{}\n", command->entry->summary) +
           subcommands(commands, command->entry->path) + section("Arguments", command->options.all(), true) +
           section("Options", command->options.all(), false) + section("Common options", common.all(), false) +
           examples(command->entry->example);
  }
  std::string out =
      fmt::format("Usage: {} COMMAND [ARGUMENT…] [OPTION…]\n\n{}\n\nCommands:\n", tool.name, tool.summary);
  for (const DeclaredCommand& one : commands) {
    if (!is_hidden(one.entry->path)) out += entry(std::string(one.entry->path), one.entry->summary);
  }
  out += section("Common options", common.all(), false);
  return out + fmt::format("\nMore: {} COMMAND --help, man {}\n", tool.name, tool.name);
}

std::string describe_tool(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common) {
  OrderedJson list = OrderedJson::array();
  for (const DeclaredCommand& command : commands) {
    if (is_hidden(command.entry->path)) continue;
    list.push_back({{"path", command.entry->path},
                    {"summary", command.entry->summary},
                    {"example", command.entry->example},
                    {"arguments", describe_options(command.options.all(), true)},
                    {"options", describe_options(command.options.all(), false)}});
  }
  const OrderedJson out{{"tool", tool.name},
                        {"summary", tool.summary},
                        {"version", P2P_VERSION},
                        {"options", describe_options(common.all(), false)},
                        {"commands", std::move(list)}};
  return out.dump(2) + "\n";
}

}  // namespace p2p::cli
