#include "vault/keyring.hpp"

#include <fmt/format.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace p2p::vault {
namespace {

using KeySerial = std::int32_t;

constexpr std::size_t kMaxPayloadBytes = 64;
/// The user's other processes are not possessors of a key in the user's keyring, so that the user is given its rights:
/// view, read, write, search and set attributes, for possessor and user (keyctl(2), KEYCTL_SETPERM).
constexpr unsigned kPermissions = 0x2f2f0000;

std::string description_of(const Header& header) { return "p2p-vault:" + to_hex(header.salt); }

template <class... Arguments>
long keyctl(int operation, Arguments... arguments) {
  return ::syscall(SYS_keyctl, operation, arguments...);
}

KeySerial find_key(const Header& header) {
  const std::string description = description_of(header);
  return static_cast<KeySerial>(
      keyctl(KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", description.c_str(), KeySerial{0}));
}

Error keyring_error(int errno_value) {
  Error out = system_error(errno_value, "the kernel's keyring");
  // What seccomp gives in a container.
  if (errno_value == EPERM || errno_value == ENOSYS) out.code = make_error_code(Errc::unsupported);
  return out;
}

}  // namespace

Result<void> keep_in_keyring(const Header& header, const crypto::Secret& master, std::chrono::seconds lifetime) {
  const std::string description = description_of(header);
  const auto key = static_cast<KeySerial>(::syscall(SYS_add_key, "user", description.c_str(), master.view().data(),
                                                    master.view().size(), KEY_SPEC_USER_KEYRING));
  if (key < 0) return keyring_error(errno);
  if (keyctl(KEYCTL_SET_TIMEOUT, key, static_cast<unsigned>(lifetime.count())) < 0 ||
      keyctl(KEYCTL_SETPERM, key, kPermissions) < 0) {
    const int failure = errno;
    keyctl(KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
    return keyring_error(failure);
  }
  return {};
}

std::optional<crypto::Secret> find_in_keyring(const Header& header) {
  const KeySerial key = find_key(header);
  if (key < 0) return std::nullopt;
  std::string payload(kMaxPayloadBytes, '\0');
  const long size = keyctl(KEYCTL_READ, key, payload.data(), payload.size());
  if (size <= 0 || size > static_cast<long>(payload.size())) {
    crypto::wipe(payload);
    return std::nullopt;
  }
  payload.resize(static_cast<std::size_t>(size));
  return crypto::Secret(std::move(payload));
}

bool forget_in_keyring(const Header& header) {
  const KeySerial key = find_key(header);
  return key >= 0 && keyctl(KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING) == 0;
}

}  // namespace p2p::vault
