#include "acme/account_key.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>

#include "base/json.hpp"
#include "crypto/digest.hpp"
#include "crypto/jwk.hpp"
#include "crypto/kdf.hpp"
#include "crypto/key.hpp"
#include "crypto/signature.hpp"

namespace p2p::acme {
namespace {

constexpr std::size_t kFieldBytes = 32;  // of P-256
constexpr std::size_t kMinMacKeyBytes = 16;

using SignaturePtr = std::unique_ptr<ECDSA_SIG, decltype([](ECDSA_SIG* signature) { ECDSA_SIG_free(signature); })>;

/// Big-endian in exactly a field's width; false when it does not fit.
bool write_field(const BIGNUM* number, std::uint8_t* out) {
  return number != nullptr && BN_bn2binpad(number, out, static_cast<int>(kFieldBytes)) == kFieldBytes;
}

}  // namespace

AccountKey::AccountKey(crypto::KeyPtr key, std::string jwk)
    : key_(std::move(key)), jwk_(std::move(jwk)), thumbprint_(to_base64url(crypto::sha256(as_bytes(jwk_)))) {}

Result<AccountKey> AccountKey::of_key(crypto::KeyPtr key, const std::string& name) {
  if (crypto::type_of(*key) != crypto::KeyType::ecdsa_p256) {
    return Error(Errc::unsupported, fmt::format("{}: an account key must be an ECDSA key on P-256", name));
  }
  const auto jwk = crypto::to_jwk(*key);
  if (!jwk) return jwk.error();
  // RFC 7638 section 3.3 wants the members in this very order, which is that of dump_json.
  return AccountKey(std::move(key), dump_json(*jwk));
}

Result<AccountKey> AccountKey::generate() {
  auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256);
  if (!key) return key.error();
  return of_key(std::move(*key), "the new account key");
}

Result<AccountKey> AccountKey::from_pem(std::string_view pem, const std::string& name) {
  auto key = crypto::read_private_key(pem, name);
  if (!key) return key.error();
  return of_key(std::move(*key), name);
}

Result<crypto::Secret> AccountKey::pem() const { return crypto::write_private_key(*key_); }

Result<Bytes> AccountKey::sign(std::string_view signing_input) const {
  const auto der = crypto::sign(*key_, as_bytes(signing_input));
  if (!der) return der.error();
  const std::uint8_t* at = der->data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der->size())));
  Bytes out(2 * kFieldBytes);
  if (!signature || !write_field(ECDSA_SIG_get0_r(signature.get()), out.data()) ||
      !write_field(ECDSA_SIG_get0_s(signature.get()), out.data() + kFieldBytes)) {
    return crypto::openssl_error(Errc::failed, "the account key's signature cannot be read");
  }
  return out;
}

Result<MacKey> MacKey::from_base64url(std::string_view text) {
  auto bytes = p2p::from_base64url(text);
  if (!bytes) return Error(Errc::invalid, "the MAC key is not base64url");
  crypto::Secret key(as_text(*bytes));
  OPENSSL_cleanse(bytes->data(), bytes->size());
  if (key.view().size() < kMinMacKeyBytes) {
    return Error(Errc::invalid, fmt::format("the MAC key has less than {} bytes", kMinMacKeyBytes));
  }
  return MacKey(std::move(key));
}

Result<Bytes> MacKey::sign(std::string_view signing_input) const {
  const auto mac = crypto::hmac_sha256(as_bytes(key_.view()), as_bytes(signing_input));
  return Bytes(mac.begin(), mac.end());
}

}  // namespace p2p::acme
