// p2p-vault rm: removes entries.
#include <fmt/format.h>

#include "commands.hpp"
#include "vault/entry_name.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Rm final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.arguments("NAME", names_, 1, "the entries").flag("--yes", yes_, "do not ask");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const std::string what = names_.size() == 1 ? vault::quoted_name(names_[0]) : entries_text(names_.size());
    if (!yes_) {
      const auto confirmed = session.confirm(fmt::format("Remove {}? Only a backup brings it back.", what));
      if (!confirmed) return confirmed;
    }
    const auto done = access.update([&](vault::Contents& contents) -> Result<void> {
      for (const auto& name : names_) {
        if (auto removed = contents.remove(name); !removed) return removed;
      }
      return {};
    });
    if (!done) return done;
    session.report.note("removed " + what);
    return {};
  }

  std::vector<std::string> names_;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_rm() { return std::make_unique<Rm>(); }

}  // namespace p2p::vault_tool
