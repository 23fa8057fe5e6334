#include "vault/keys.hpp"

#include <algorithm>

#include "base/system_random.hpp"
#include "crypto/aead.hpp"
#include "crypto/kdf.hpp"

namespace p2p::vault {
namespace {

constexpr std::size_t kMasterBytes = 32;
constexpr std::string_view kKeyPurpose = "p2p-vault/1 key";
constexpr std::string_view kCommitmentPurpose = "p2p-vault/1 commitment";

}  // namespace

crypto::Secret derive_master(const crypto::Secret& password, const Header& header) {
  return crypto::pbkdf2_sha256(password, header.salt, header.iterations, kMasterBytes);
}

Result<Keys> expand_master(const crypto::Secret& master) {
  auto key = crypto::hkdf_expand(as_bytes(master.view()), kKeyPurpose, crypto::kAeadKeyBytes);
  if (!key) return key.error();
  auto commitment = crypto::hkdf_expand(as_bytes(master.view()), kCommitmentPurpose, kCommitmentBytes);
  if (!commitment) return commitment.error();
  return Keys{std::move(*key), std::move(*commitment)};
}

bool fits(const Keys& keys, const Header& header) {
  return crypto::equal_constant_time(as_bytes(keys.commitment.view()), header.commitment);
}

Unlock unlock_with(const crypto::Secret& password) {
  return [&password](const Header& header) -> Result<crypto::Secret> { return derive_master(password, header); };
}

Result<NewKeys> make_keys(const crypto::Secret& password, std::uint32_t iterations) {
  NewKeys out;
  out.header.iterations = iterations;
  const Bytes salt = random_bytes(kSaltBytes);
  std::copy(salt.begin(), salt.end(), out.header.salt.begin());
  out.master = derive_master(password, out.header);
  auto keys = expand_master(out.master);
  if (!keys) return keys.error();
  out.keys = std::move(*keys);
  const auto commitment = as_bytes(out.keys.commitment.view());
  std::copy(commitment.begin(), commitment.end(), out.header.commitment.begin());
  return out;
}

}  // namespace p2p::vault
