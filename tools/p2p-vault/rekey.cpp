// p2p-vault rekey: gives the vault a new password, and encrypts everything anew.
#include "commands.hpp"
#include "vault/keyring.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Rekey final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    password_.declare(options, "new", "P2P_VAULT_NEW_PASSWORD");
    declare_iterations(options, iterations_);
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    // The old password is tried before a new one is asked for.
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto& path = access.file().path();
    const auto password = password_.read("New password for " + path.string(), session.report);
    if (!password) return password.error();
    const auto known = [&](const vault::Header& header) -> Result<crypto::Secret> {
      if (header.salt == opened->header.salt) return crypto::Secret(opened->master.view());
      return Error(Errc::failed, "another rekey came first");
    };
    const auto done = access.file().rekey(known, *password, static_cast<std::uint32_t>(iterations_));
    if (!done) return access.explain(done.error());
    vault::forget_in_keyring(opened->header);
    session.report.note("encrypted everything anew");
    session.report.note(
        "a node that runs from it cannot read it any more, revocations among the rest: p2p-vault unlock, or restart "
        "it");
    session.report.warning("backups and other old copies stay readable with the old password");
    return {};
  }

  NewPassword password_;
  std::uint64_t iterations_ = vault::kDefaultIterations;
};

}  // namespace

std::unique_ptr<cli::Command> make_rekey() { return std::make_unique<Rekey>(); }

}  // namespace p2p::vault_tool
