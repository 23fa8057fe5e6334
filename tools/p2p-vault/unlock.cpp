// p2p-vault unlock and lock: the key in the kernel's keyring, for a while.
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "vault/keyring.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

constexpr std::chrono::hours kMaxKept{24 * 7};

class Unlock final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.duration("--ttl", "TIME", lifetime_, "how long, such as 8h (default 15m)");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto lifetime = std::chrono::ceil<std::chrono::seconds>(lifetime_);
    if (lifetime.count() <= 0 || lifetime > kMaxKept) {
      return Error(Errc::invalid, "--ttl is not between 1s and 7d");
    }
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto kept = vault::keep_in_keyring(opened->header, opened->master, lifetime);
    if (!kept) return cli::Failure(kept.error(), "$P2P_VAULT_PASSWORD and --password-file serve as well");
    session.report.note(fmt::format("unlocked for {}: whatever runs as this user can read it; p2p-vault lock ends it",
                                    format_duration(lifetime)));
    return {};
  }

  std::chrono::milliseconds lifetime_ = std::chrono::minutes{15};
};

class Lock final : public VaultCommand {
  void declare_own(cli::Options&) override {}

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto header = access.read_header();
    if (!header) return header.error();
    session.report.note(vault::forget_in_keyring(*header) ? "locked" : "it was locked already");
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_unlock() { return std::make_unique<Unlock>(); }
std::unique_ptr<cli::Command> make_lock() { return std::make_unique<Lock>(); }

}  // namespace p2p::vault_tool
