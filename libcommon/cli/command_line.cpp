#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace p2p::cli {
namespace {

struct Binding {
  const Option* option;
  CLI::Option* parsed;
};

/// CLI11 splits the line into words and finds whose they are; values, requirements and messages are ours.
class Parser {
 public:
  Parser(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common)
      : tool_(tool), commands_(commands), common_(common) {
    prepare(root_);
    bind(root_, common);
    for (const DeclaredCommand& command : commands) bind(node_at(command.entry->path), command.options);
  }

  ParsedLine run(std::vector<std::string> arguments) {
    ParsedLine out;
    std::string flaw;
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      root_.parse(arguments);
    } catch (const CLI::ArgumentMismatch& error) {
      const std::string text = error.what();
      flaw = text.substr(0, text.find(':')) + " needs a value";
    } catch (const CLI::Error& error) {
      flaw = error.what();
    }
    find_command(out);
    if (!flaw.empty()) out.failure = usage(flaw);
    const auto problem = assign_all(out.command);
    if (!out.failure) out.failure = unknown_word(out.command);
    if (!out.failure && problem) out.failure = usage(*problem);
    if (!out.failure && out.command == nullptr) out.failure = incomplete();
    return out;
  }

 private:
  static void prepare(CLI::App& app) {
    app.set_help_flag();
    app.allow_extras();  // told by unknown_word
    app.fallthrough();   // common options may stand anywhere
    // One subcommand a level: after it, a word that equals another subcommand's name is an argument.
    app.require_subcommand(0, 1);
  }

  CLI::App& node_at(std::string_view path) {
    if (path.empty()) return root_;
    CLI::App*& app = nodes_[std::string(path)];
    if (app != nullptr) return *app;
    const std::size_t space = path.rfind(' ');
    CLI::App& parent = node_at(space == std::string_view::npos ? std::string_view() : path.substr(0, space));
    app = parent.add_subcommand(std::string(path.substr(space == std::string_view::npos ? 0 : space + 1)));
    prepare(*app);
    return *app;
  }

  void bind(CLI::App& app, const Options& options) {
    for (const Option& option : options.all()) {
      CLI::Option* parsed = nullptr;
      if (option.is_flag()) {
        parsed = app.add_flag(option.names);
      } else {
        parsed = app.add_option(option.is_argument() ? lower_ascii(option.names) : option.names);
        if (option.is_argument() && option.repeats)
          parsed->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
        parsed->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
      bindings_[&app].push_back({&option, parsed});
    }
  }

  void find_command(ParsedLine& out) {
    parsed_ = &root_;
    while (!parsed_->get_subcommands().empty()) {
      parsed_ = parsed_->get_subcommands().front();
      path_ += (path_.empty() ? "" : " ") + parsed_->get_name();
    }
    const auto found = std::find_if(commands_.begin(), commands_.end(),
                                    [&](const DeclaredCommand& command) { return command.entry->path == path_; });
    if (found != commands_.end()) out.command = &*found;
  }

  /// The first value that is wrong or argument that is missing.
  std::optional<std::string> assign_all(const DeclaredCommand* command) {
    std::optional<std::string> problem;
    std::vector<const CLI::App*> apps{&root_};
    if (parsed_ != &root_) apps.push_back(parsed_);
    for (const CLI::App* app : apps) {
      for (const Binding& binding : bindings_[app]) {
        const std::vector<std::string>& given = binding.parsed->results();
        if (given.size() < binding.option->min_count && command != nullptr && !problem)
          problem = binding.option->names + " is missing";
        if (given.empty()) continue;
        auto done = assign(*binding.option, given);
        if (!done && !problem) problem = done.error().context;
      }
    }
    return problem;
  }

  std::optional<Failure> unknown_word(const DeclaredCommand* command) {
    std::vector<std::string> extra = root_.remaining(true);
    std::erase(extra, "--");
    if (extra.empty()) return std::nullopt;
    const auto option =
        std::find_if(extra.begin(), extra.end(), [](const auto& word) { return word.starts_with('-'); });
    if (option != extra.end()) {
      const std::string name = option->substr(0, option->find('='));
      if (is_of_command(name, command)) return usage(name + " goes after the command");
      return usage(fmt::format("unknown option \"{}\"{}", name, meant_option(name, command)));
    }
    if (command != nullptr) {
      Failure out =
          usage(fmt::format("unexpected argument \"{}\"{}", extra.front(), suggestion(extra.front(), known_words())));
      // What alone shows things is elsewhere a word of its own.
      const bool lists = extra.front() == "list" || extra.front() == "ls";
      if (lists && !known_words().empty()) out.hint = fmt::format("{} {} lists them", tool_.name, path_);
      return out;
    }
    const std::string word = extra.front();
    if (auto forgotten = forgotten_word(word)) return forgotten;
    return usage(fmt::format("unknown command \"{}{}{}\"{}", path_, path_.empty() ? "" : " ", word,
                             suggestion(word, known_words())));
  }

  /// `wait worker-1`: where each subcommand takes a name, one was left out before it.
  std::optional<Failure> forgotten_word(const std::string& word) {
    if (path_.empty() || !suggestion(word, known_words()).empty()) return std::nullopt;
    std::string meant;
    for (const std::string& between : known_words()) {
      const std::string path = path_ + " " + between;
      const auto found = std::find_if(commands_.begin(), commands_.end(),
                                      [&](const DeclaredCommand& command) { return command.entry->path == path; });
      if (found == commands_.end() || found->options.all().empty() || !found->options.all().front().is_argument())
        return std::nullopt;
      meant += fmt::format("{}{} {} {}", meant.empty() ? "" : ", or ", tool_.name, path, escape_controls(word));
    }
    Failure out = incomplete();
    out.hint = std::move(meant);
    return out;
  }

  Failure incomplete() {
    std::string words;
    for (const std::string& word : known_words()) words += (words.empty() ? "" : ", ") + word;
    return usage(path_.empty() ? fmt::format("expects a command: {}", words)
                               : fmt::format("\"{}\" expects one of: {}", path_, words));
  }

  /// Whether the command has that option, or any, where none was found: its name may have been taken for a value.
  bool is_of_command(std::string_view name, const DeclaredCommand* command) const {
    const auto has_it = [&](const DeclaredCommand& one) {
      return std::ranges::any_of(one.options.all(), [&](const Option& option) {
        const auto names = split(option.names, ',');
        return !option.is_argument() && std::ranges::find(names, name) != names.end();
      });
    };
    return command != nullptr ? has_it(*command) : std::ranges::any_of(commands_, has_it);
  }

  /// Hyphens, which all have, make none alike.
  std::string meant_option(std::string_view name, const DeclaredCommand* command) const {
    std::vector<std::string_view> known;
    const auto add = [&](const Options& options) {
      for (const Option& option : options.all()) {
        if (!option.is_argument()) known.push_back(option.long_name().substr(2));
      }
    };
    if (command != nullptr) add(command->options);
    add(common_);
    const std::string_view stem = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    const auto near = nearest(stem.substr(0, 64), known);
    return near ? fmt::format("; did you mean \"--{}\"?", *near) : std::string();
  }

  std::vector<std::string> known_words() const {
    std::vector<std::string> out;
    for (const CLI::App* app : parsed_->get_subcommands([](const CLI::App*) { return true; })) {
      if (!is_hidden(app->get_name())) out.push_back(app->get_name());
    }
    return out;
  }

  static std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> views(known.begin(), known.end());
    return did_you_mean(word.substr(0, 64), views);
  }

  Failure usage(std::string message) const {
    return {kUsage, std::move(message), fmt::format("{}{}{} --help", tool_.name, path_.empty() ? "" : " ", path_)};
  }

  const Tool& tool_;
  std::span<const DeclaredCommand> commands_;
  const Options& common_;
  CLI::App root_;
  std::map<std::string, CLI::App*> nodes_;  // by path
  CLI::App* parsed_ = &root_;               // the deepest subcommand that the line named
  std::string path_;                        // and the words that led there
  std::map<const CLI::App*, std::vector<Binding>> bindings_;
};

}  // namespace

ParsedLine parse_command_line(const Tool& tool, std::span<const DeclaredCommand> commands, const Options& common,
                              const std::vector<std::string>& arguments) {
  return Parser(tool, commands, common).run(arguments);
}

}  // namespace p2p::cli
