// p2p-vault backup: the same entries in another file, under another password.
#include <fmt/format.h>

#include "cli/home_owner.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Backup final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.argument("FILE", to_, "the file to write");
    password_.declare(options, "backup", "P2P_BACKUP_PASSWORD");
    declare_iterations(options, iterations_);
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    if (auto checked = cli::check_named_file(to_); !checked) return checked;
    std::optional<cli::AsCaller> as_caller(std::in_place);
    const vault::VaultFile target(to_);
    if (target.exists()) {
      return cli::Failure(Error(Errc::exists, to_ + ": already exists"), "a backup is never overwritten");
    }
    as_caller.reset();
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto password = password_.read("Password for " + to_, session.report);
    if (!password) return password.error();
    as_caller.emplace();
    const auto made = target.create(opened->contents, *password, static_cast<std::uint32_t>(iterations_));
    if (!made) return made.error();
    session.report.note(fmt::format("wrote {} to {}", entries_text(opened->contents.entries().size()), to_));
    session.report.note("it is a vault like any other: p2p-vault ls --vault " + to_);
    return {};
  }

  std::string to_;
  NewPassword password_;
  std::uint64_t iterations_ = vault::kDefaultIterations;
};

}  // namespace

std::unique_ptr<cli::Command> make_backup() { return std::make_unique<Backup>(); }

}  // namespace p2p::vault_tool
