// The key of an ACME account, and the MAC key with which an external account is bound.
#pragma once

#include <string>
#include <string_view>

#include "acme/signer.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace p2p::acme {

/// ECDSA on P-256: every ACME server takes it (RFC 8555 section 6.2). Immutable, any thread.
class AccountKey final : public AccountSigner {
 public:
  static Result<AccountKey> generate();
  /// `unsupported` for a key of another type; otherwise as crypto::read_private_key.
  static Result<AccountKey> from_pem(std::string_view pem, const std::string& name);
  Result<crypto::Secret> pem() const;

  std::string_view algorithm() const override { return "ES256"; }
  Result<Bytes> sign(std::string_view signing_input) const override;
  const std::string& jwk() const override { return jwk_; }
  const std::string& thumbprint() const override { return thumbprint_; }

 private:
  AccountKey(crypto::KeyPtr key, std::string jwk);
  static Result<AccountKey> of_key(crypto::KeyPtr key, const std::string& name);
  crypto::KeyPtr key_;
  std::string jwk_;
  std::string thumbprint_;
};

/// HMAC with SHA-256.
class MacKey final : public Signer {
 public:
  /// `key` is the bytes themselves, not their text form.
  explicit MacKey(crypto::Secret key) : key_(std::move(key)) {}
  /// From unpadded base64url, as CAs print it; `invalid` otherwise, and for less than 16 bytes.
  static Result<MacKey> from_base64url(std::string_view text);

  std::string_view algorithm() const override { return "HS256"; }
  Result<Bytes> sign(std::string_view signing_input) const override;

 private:
  crypto::Secret key_;
};

}  // namespace p2p::acme
