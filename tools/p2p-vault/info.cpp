// p2p-vault info: what can be known of a vault without its password.
#include "base/file.hpp"
#include "commands.hpp"
#include "vault/keyring.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Info final : public VaultCommand {
  void declare_own(cli::Options&) override {}

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto header = access.read_header();
    if (!header) return header.error();
    const auto file = open_secret_file(access.file().path());
    if (!file) return access.explain(file.error());
    session.out.value(json_text({{"file", access.file().path().string()},
                                 {"version", 1},
                                 {"cipher", "AES-256-GCM"},
                                 {"key_derivation", "PBKDF2-HMAC-SHA256"},
                                 {"iterations", header->iterations},
                                 {"salt", to_hex(header->salt)},
                                 {"size_bytes", file->size_bytes},
                                 {"unlocked", vault::find_in_keyring(*header).has_value()}}));
    return {};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_info() { return std::make_unique<Info>(); }

}  // namespace p2p::vault_tool
