// What is in an open vault: entries by name, changed in memory and written as an archive.
#pragma once

#include <map>
#include <optional>

#include "crypto/secret_buffer.hpp"
#include "vault/archive.hpp"

namespace p2p::vault {

/// Movable. One thread. What it holds is wiped at the end.
class Contents {
 public:
  Contents() = default;
  /// Takes the archive; errors as of parse_archive.
  static Result<Contents> parse(crypto::SecretBuffer archive);

  /// By name, in order. A pointer holds until the entry is changed.
  std::vector<const PackedEntry*> entries() const;
  const PackedEntry* find(std::string_view name) const;

  /// The content; VaultErrc::no_entry for no such entry, `damaged` when it does not unpack.
  Result<crypto::SecretBuffer> read(std::string_view name) const;

  /// Replaces an entry of the same name. `invalid` for a name that cannot be, also beside the others, `too_large`
  /// beyond the limits.
  Result<void> put(const std::string& name, crypto::SecretBuffer content, std::chrono::sys_seconds modified);
  /// VaultErrc::no_entry for no such entry.
  Result<void> remove(std::string_view name);
  /// In place of an entry that is called `to`.
  Result<void> rename(std::string_view from, const std::string& to);

 private:
  struct Held {
    PackedEntry entry;
    crypto::SecretBuffer own;  ///< what `entry` refers to, unless that is the archive
  };
  Result<void> check_no_folder(const std::string& name) const;
  Result<std::map<std::string, Held, std::less<>>::iterator> existing(std::string_view name);

  crypto::SecretBuffer archive_;
  std::map<std::string, Held, std::less<>> entries_;
  std::uint64_t content_bytes_ = 0;
};

}  // namespace p2p::vault
