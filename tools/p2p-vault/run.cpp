// p2p-vault run: a command that has entries as files in memory or as variables.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "memory_file.hpp"
#include "vault/entry_name.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

/// `VARIABLE=NAME` of --env and --file.
struct Binding {
  std::string variable;
  std::string entry;
};

bool is_variable_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_good = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), is_good);
}

Result<std::vector<Binding>> parse_bindings(const std::vector<std::string>& texts, std::string_view option) {
  std::vector<Binding> out;
  for (const auto& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || !is_variable_name(std::string_view(text).substr(0, equals))) {
      return Error(Errc::invalid, fmt::format("{}: {} is not VARIABLE=NAME", option, vault::quoted_name(text)));
    }
    // The vault's own are taken out of what a command gets.
    if (text.starts_with("P2P_VAULT_")) {
      return Error(Errc::invalid, fmt::format("{}: variables that begin with P2P_VAULT_ are the vault's own", option));
    }
    out.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return out;
}

Result<void> set_text(const Binding& binding, ByteView content) {
  if (content.size() > 0 && content.back() == '\n') content = content.first(content.size() - 1);
  if (std::ranges::find(content, 0) != content.end()) {
    return Error(Errc::invalid, fmt::format("entry {} is no text: --file takes it", vault::quoted_name(binding.entry)));
  }
  const crypto::Secret text(as_text(content));
  ::setenv(binding.variable.c_str(), text.view().data(), 1);
  return {};
}

class Run final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.arguments("COMMAND", command_, 1, "the command and its arguments, after --")
        .texts("--env", "VARIABLE=NAME", texts_,
               "the entry as this variable, without its last newline; may be repeated")
        .texts("--file", "VARIABLE=NAME", paths_,
               "the entry as a file in memory, whose path is in this variable; may be repeated");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session&) override {
    const auto texts = parse_bindings(texts_, "--env");
    if (!texts) return texts.error();
    const auto paths = parse_bindings(paths_, "--file");
    if (!paths) return paths.error();
    // Held until exec, which passes the files on and takes everything else away.
    std::vector<MemoryFile> files;
    {
      const auto opened = access.open();
      if (!opened) return opened.error();
      for (const auto& binding : *texts) {
        const auto content = opened->contents.read(binding.entry);
        if (!content) return access.explain(content.error());
        if (auto set = set_text(binding, content->view()); !set) return set.error();
      }
      for (const auto& binding : *paths) {
        const auto content = opened->contents.read(binding.entry);
        if (!content) return access.explain(content.error());
        auto file = MemoryFile::make(content->view());
        if (!file) return file.error();
        ::setenv(binding.variable.c_str(), file->path().c_str(), 1);
        files.push_back(std::move(*file));
      }
    }
    const cli::AsCaller as_caller;
    return replace_process();
  }

  cli::Attempt<void> replace_process() {
    cli::forget_password_variables();
    std::vector<char*> arguments;
    for (auto& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return system_error(errno, command_[0]);
  }

  std::vector<std::string> command_, texts_, paths_;
};

}  // namespace

std::unique_ptr<cli::Command> make_run() { return std::make_unique<Run>(); }

}  // namespace p2p::vault_tool
