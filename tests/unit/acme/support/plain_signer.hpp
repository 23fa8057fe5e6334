// A signer whose signature is readable, for tests of the machines.
#pragma once

#include "acme/signer.hpp"
#include "base/json.hpp"

namespace p2p::test {

class PlainSigner final : public acme::AccountSigner {
 public:
  explicit PlainSigner(std::string algorithm = "ES256") : algorithm_(std::move(algorithm)) {}
  std::string_view algorithm() const override { return algorithm_; }
  Result<Bytes> sign(std::string_view) const override { return to_bytes("signed by " + algorithm_); }
  const std::string& jwk() const override { return jwk_; }
  const std::string& thumbprint() const override { return thumbprint_; }

 private:
  std::string algorithm_;
  std::string jwk_ = R"({"kty":"test"})";
  std::string thumbprint_ = "thumbprint";
};

/// A part of a flattened JWS, decoded.
inline std::string jws_part(const std::string& jws, const char* name) {
  const Json json = Json::parse(jws);
  return to_text(from_base64url(json.at(name).get<std::string>()).value());
}

}  // namespace p2p::test
