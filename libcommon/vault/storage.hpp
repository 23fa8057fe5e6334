// Secrets and state by name, `certs/…`, `config/…`, `data/…`, in a vault that is open as long as the program runs.
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
};

/// The time by the wall clock, as entries have it.
std::chrono::sys_seconds now_seconds();

/// Thread-safe. All calls block: on the disk, on other writers, for a key derivation. The master is asked for once, and
/// again when the vault was given another password; contents are decrypted for each call and not kept. While `unlock`
/// has no key that fits, calls fail with VaultErrc::wrong_password or its own error.
class Storage {
 public:
  Storage(VaultFile file, Unlock unlock) : file_(std::move(file)), unlock_(std::move(unlock)) {}

  const VaultFile& file() const noexcept { return file_; }
  /// `not_found` when absent.
  Result<crypto::SecretBuffer> read(const std::string& name, std::size_t max_bytes);
  /// Applies these changes and no others, all or none, so that two writers never undo each other; before that, what
  /// `check` says of what is there now.
  Result<void> write(std::vector<Change> changes, const std::function<Result<void>(const Contents&)>& check = {});
  Result<void> rename(const std::string& from, const std::string& to);
  /// All names, in order.
  Result<std::vector<std::string>> names();

 private:
  Result<crypto::Secret> master_for(const Header& header);
  Unlock remembering();

  VaultFile file_;
  Unlock unlock_;
  std::mutex mutex_;  ///< of the two below
  std::array<std::uint8_t, kSaltBytes> salt_{};
  crypto::Secret master_;
};

}  // namespace p2p::vault
