// How a tool gets at the vault of its home: which file, and by which password or kept key.
#pragma once

#include <optional>

#include "cli/command.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"
#include "vault/vault_file.hpp"

namespace p2p::cli {

/// What the command line says of a vault. `declare` names the options --vault, --password-file and --password-fd.
struct VaultFlags {
  static constexpr std::uint64_t kNoDescriptor = ~std::uint64_t{0};
  std::string file{};
  std::string password_file{};
  std::uint64_t password_descriptor = kNoDescriptor;

  void declare(Options& options);
};

inline constexpr std::uint64_t kMaxDescriptor = 1 << 20;
/// What an option for a descriptor was given, if it was.
std::optional<int> given_descriptor(std::uint64_t option);

/// The vault of a home, opened by the key that `p2p-vault unlock` kept, else by the password, which is read when it is
/// needed, and once. Movable. Its failures say what to do next.
class VaultAccess {
 public:
  /// --vault, else vault_file of the configuration or its default, which are relative to home. From now on programs
  /// that this one starts do not get the descriptor of the password.
  static Attempt<VaultAccess> find(const VaultFlags& flags, const std::filesystem::path& home,
                                   const ConfigFlags& config = {});

  /// Takes $P2P_VAULT_PASSWORD out of the environment, whether it is going to be needed or not. After
  /// crypto::set_up_secure_heap.
  void take_variable();

  const vault::VaultFile& file() const noexcept { return file_; }
  /// Whether somebody wrote vault_file down, so that it has to be there.
  bool is_configured() const noexcept { return is_configured_; }
  Attempt<vault::Header> read_header() const;
  Attempt<vault::Opened> open();
  Attempt<void> update(const vault::VaultFile::Change& change);
  /// The password of a vault that is to be made, asked twice, checked; a weak one is warned of.
  Attempt<crypto::Secret> new_password(Reporter& report);

  /// Gives the master, as VaultFile wants it.
  vault::Unlock unlock();
  /// A running program cannot be asked: from now on there is no prompt.
  void stop_asking() { may_ask_ = false; }
  /// What to say of an error of `file()`.
  Failure explain(const Error& error) const;

 private:
  VaultAccess(VaultFlags flags, vault::VaultFile file) : flags_(std::move(flags)), file_(std::move(file)) {}
  Attempt<crypto::Secret> ask(bool is_new);

  VaultFlags flags_;
  vault::VaultFile file_;
  bool is_configured_ = false;
  std::optional<crypto::Secret> variable_;  ///< used up by the first question, or by a key that fits
  bool may_ask_ = true;
  std::optional<Failure> unanswered_;  ///< why there was no password
  /// What the file was opened with, and the salt of that.
  std::array<std::uint8_t, vault::kSaltBytes> salt_{};
  crypto::Secret master_;
};

/// Programs that this one starts get no password by the environment.
void forget_password_variables();

/// Where the home has a vault: opens it, so that its files are found in it from now on (base/file_mount.hpp), those in
/// state_directory among them. `config` are the flags by which a node is told another configuration.
Attempt<void> mount_vault(const std::filesystem::path& home, const ConfigFlags& config);

/// Whether a node of this configuration finds everything in the vault that is mounted, if one is: the vault is the one
/// that the configuration names, and its state has its place there.
Attempt<void> check_vault(const config::Paths& paths, const config::LoadedConfig& config);

/// Refuses a new password that is too short, and warns of a weak one.
Attempt<crypto::Secret> checked_password(Attempt<crypto::Secret> password, Reporter& report);

}  // namespace p2p::cli
