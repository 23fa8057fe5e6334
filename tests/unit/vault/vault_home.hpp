// A vault in a folder of its own, cheap to open, and what the tests do with it.
#pragma once

#include <doctest/doctest.h>

#include "../temporary_folder.hpp"
#include "base/file.hpp"
#include "vault/vault_file.hpp"

namespace p2p::test {

/// Value or the error's sentence.
template <class T>
T take(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline constexpr std::chrono::sys_seconds kThen{std::chrono::seconds{1'700'000'000}};

inline crypto::SecretBuffer buffer_of(std::string_view text) { return crypto::SecretBuffer::copy_of(as_bytes(text)); }

struct VaultHome {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "vault";
  crypto::Secret password{std::string_view("a password of tests")};
  vault::VaultFile file{path};

  VaultHome() { take(file.create({}, password, vault::kMinIterations)); }

  /// The master, so that a test does not derive it again and again.
  vault::Unlock known() {
    if (master.empty()) master = take(file.open(vault::unlock_with(password))).master;
    return [this](const vault::Header&) -> Result<crypto::Secret> { return crypto::Secret(master.view()); };
  }
  Result<void> put(const std::string& name, std::string_view text) { return put(file, name, text); }
  Result<void> put(const vault::VaultFile& to, const std::string& name, std::string_view text) {
    return to.update(known(), [&](vault::Contents& contents) { return contents.put(name, buffer_of(text), kThen); });
  }
  std::string get(const std::string& name) {
    const auto opened = take(file.open(known()));
    return to_text(take(opened.contents.read(name)).view());
  }
  std::string bytes() const { return take(read_file(path, std::size_t{1} << 30)); }
  void overwrite(std::string_view bytes) const { take(write_file(path, bytes, kSecretMode)); }

  crypto::Secret master;
};

}  // namespace p2p::test
