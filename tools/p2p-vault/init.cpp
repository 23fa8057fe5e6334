// p2p-vault init: makes a vault, without entries.
#include <fmt/format.h>

#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Init final : public VaultCommand {
  void declare_own(cli::Options& options) override { declare_iterations(options, iterations_); }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto file = access.file();
    if (file.leads_nowhere()) return access.explain(Error(Errc::not_found, file.path().string()));
    if (file.exists()) {
      return cli::Failure(Error(Errc::exists, file.path().string() + ": already exists"),
                          "a vault is never overwritten; p2p-vault rekey gives it a new password");
    }
    const auto password = access.new_password(session.report);
    if (!password) return password.error();
    const auto made = file.create({}, *password, static_cast<std::uint32_t>(iterations_));
    if (!made) return access.explain(made.error());
    session.report.note(fmt::format("made {}", file.path().string()));
    session.report.note("without its password nobody can read it, you included");
    session.report.note("next: p2p-vault put FILE, or p2p-vault import for what is in this home");
    return {};
  }

  std::uint64_t iterations_ = vault::kDefaultIterations;
};

}  // namespace

std::unique_ptr<cli::Command> make_init() { return std::make_unique<Init>(); }

}  // namespace p2p::vault_tool
