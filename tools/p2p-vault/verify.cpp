// p2p-vault verify: checks that everything in the vault can be read.
#include <fmt/format.h>

#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Verify final : public VaultCommand {
  void declare_own(cli::Options&) override {}

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto entries = opened->contents.entries();
    for (const auto* entry : entries) {
      if (const auto content = opened->contents.read(entry->name); !content) return access.explain(content.error());
    }
    session.report.note(fmt::format("{}: good, {}", access.file().path().string(), entries_text(entries.size())));
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_verify() { return std::make_unique<Verify>(); }

}  // namespace p2p::vault_tool
