// How everything reads and writes secrets and state, by name: `certs/…`, `config/…`, `data/…`. From the vault where one
// is in use, else from plain files under home with strict modes.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "vault/vault_file.hpp"

namespace p2p::vault {

/// What is to be stored under a name; none removes it, which is no error where it is absent.
struct Change {
  std::string name;
  std::optional<crypto::SecretBuffer> content;
  mode_t mode = kSecretMode;  ///< of a plain file; a vault has no modes
};

/// Thread-safe. All calls block: on the disk, on other writers, in a vault for a key derivation.
class Storage {
 public:
  virtual ~Storage() = default;
  /// `not_found` when absent. A plain file that others can read is `not_permitted` where `secret` is set.
  virtual Result<crypto::SecretBuffer> read(const std::string& name, std::size_t max_bytes, bool secret = true) = 0;
  /// Applies these changes and no others, so that two writers never undo each other. In a vault it is all or nothing.
  virtual Result<void> write(std::vector<Change> changes) = 0;
  /// The names below a folder such as `certs`, in order; those of hidden files are left out.
  virtual Result<std::vector<std::string>> names(const std::string& folder) = 0;
  virtual bool is_vault() const noexcept = 0;
};

/// Files under home; names are paths from there. A folder that is missing is made when it is written to.
class PlainStorage final : public Storage {
 public:
  explicit PlainStorage(std::filesystem::path home) : home_(std::move(home)) {}
  Result<crypto::SecretBuffer> read(const std::string& name, std::size_t max_bytes, bool secret) override;
  Result<void> write(std::vector<Change> changes) override;
  Result<std::vector<std::string>> names(const std::string& folder) override;
  bool is_vault() const noexcept override { return false; }

 private:
  std::filesystem::path home_;
};

/// The master is asked for once, and again when the vault was given another password; contents are decrypted for each
/// call and not kept. While `unlock` has no key that fits, calls fail with VaultErrc::wrong_password or its own error.
class VaultStorage final : public Storage {
 public:
  VaultStorage(VaultFile file, Unlock unlock) : file_(std::move(file)), unlock_(std::move(unlock)) {}
  Result<crypto::SecretBuffer> read(const std::string& name, std::size_t max_bytes, bool secret) override;
  Result<void> write(std::vector<Change> changes) override;
  Result<std::vector<std::string>> names(const std::string& folder) override;
  bool is_vault() const noexcept override { return true; }

 private:
  Result<crypto::Secret> master_for(const Header& header);
  Unlock remembering();

  VaultFile file_;
  Unlock unlock_;
  std::mutex mutex_;  ///< of the two below
  std::array<std::uint8_t, kSaltBytes> salt_{};
  crypto::Secret master_;
};

/// The vault where that file exists, else the plain files of home.
std::unique_ptr<Storage> open_storage(const std::filesystem::path& home, const std::filesystem::path& vault_file,
                                      Unlock unlock);

}  // namespace p2p::vault
