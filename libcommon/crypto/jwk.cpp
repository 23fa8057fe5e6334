#include "crypto/jwk.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>

#include "crypto/digest.hpp"
#include "crypto/key_numbers.hpp"

namespace p2p::crypto {
namespace {

constexpr std::size_t kMaxRsaBytes = 512;
/// RFC 8017 allows any; what is larger only costs the verifier (FIPS 186-5 stops at 2^256, clients use 65537).
constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::array kPrivateMembers = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

struct PartDeleter {
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, PartDeleter>;
using NumberPtr = std::unique_ptr<BIGNUM, PartDeleter>;

Result<Bytes> member_bytes(const Json& jwk, std::string_view name, std::size_t max_bytes) {
  const std::string* text = find_string(jwk, name);
  if (text == nullptr) return Error(Errc::invalid, fmt::format("the key has no member \"{}\"", name));
  if (text->size() > max_bytes * 4 / 3 + 2) {
    return Error(Errc::unsupported, fmt::format("the member \"{}\" of the key is too long", name));
  }
  auto bytes = from_base64url(*text);
  if (!bytes) return Error(Errc::invalid, fmt::format("the member \"{}\" of the key: {}", name, bytes.error().context));
  return bytes;
}

Result<KeyPtr> key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, PartDeleter> parameters(OSSL_PARAM_BLD_to_param(builder));
  const std::unique_ptr<EVP_PKEY_CTX, PartDeleter> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return openssl_error(Errc::invalid, "the key's numbers are not those of a key");
  }
  return KeyPtr(key);
}

Result<KeyPtr> read_ec(const Json& jwk) {
  const std::string* name = find_string(jwk, "crv");
  const Curve* curve = nullptr;
  for (const Curve* known : {&kP256, &kP384}) {
    if (name != nullptr && *name == known->jose_name) curve = known;
  }
  if (curve == nullptr) return Error(Errc::unsupported, "the key's curve is neither P-256 nor P-384");
  const auto x = member_bytes(jwk, "x", curve->coordinate_bytes);
  if (!x) return x.error();
  const auto y = member_bytes(jwk, "y", curve->coordinate_bytes);
  if (!y) return y.error();
  if (x->size() != curve->coordinate_bytes || y->size() != curve->coordinate_bytes) {
    return Error(Errc::invalid,
                 fmt::format("a coordinate of a {} key has {} bytes", curve->jose_name, curve->coordinate_bytes));
  }
  Bytes point{0x04};  // uncompressed (SEC 1 section 2.3.3)
  point.insert(point.end(), x->begin(), x->end());
  point.insert(point.end(), y->begin(), y->end());
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl_name, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return openssl_error(Errc::failed, "cannot make a key");
  }
  return key_from("EC", builder.get());
}

Result<KeyPtr> read_rsa(const Json& jwk) {
  const auto n = member_bytes(jwk, "n", kMaxRsaBytes);
  if (!n) return n.error();
  const auto e = member_bytes(jwk, "e", kMaxExponentBytes);
  if (!e) return e.error();
  // RFC 7518 section 2: Base64urlUInt has no leading zero. A leading zero would give one key two thumbprints.
  if (n->empty() || e->empty() || n->front() == 0 || e->front() == 0) {
    return Error(Errc::invalid, "a number of an RSA key is empty or begins with a zero byte");
  }
  const bool exponent_is_one = e->size() == 1 && e->front() == 1;
  if ((n->back() & 1) == 0 || (e->back() & 1) == 0 || exponent_is_one) {
    return Error(Errc::invalid, "the key's numbers are not those of a key");
  }
  const NumberPtr modulus(BN_bin2bn(n->data(), static_cast<int>(n->size()), nullptr));
  const NumberPtr exponent(BN_bin2bn(e->data(), static_cast<int>(e->size()), nullptr));
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return openssl_error(Errc::failed, "cannot make a key");
  }
  auto key = key_from("RSA", builder.get());
  if (key && !rsa_bits_of(**key)) return Error(Errc::unsupported, "an RSA key has 2048 to 4096 bits");
  return key;
}

}  // namespace

Result<KeyPtr> read_jwk(const Json& jwk) {
  const std::string* type = find_string(jwk, "kty");
  if (type == nullptr) return Error(Errc::invalid, "the key has no type \"kty\"");
  if (*type != "EC" && *type != "RSA") return Error(Errc::unsupported, "the key's type is neither EC nor RSA");
  for (const char* name : kPrivateMembers) {
    if (jwk.contains(name)) return Error(Errc::invalid, "the key has private members");
  }
  return *type == "EC" ? read_ec(jwk) : read_rsa(jwk);
}

Result<Json> to_jwk(const EVP_PKEY& key) {
  const Curve* curve = curve_of(key);
  if (curve == nullptr && !rsa_bits_of(key)) {
    return Error(Errc::unsupported, "only EC keys on P-256 or P-384 and RSA keys of 2048 to 4096 bits have this form");
  }
  const std::size_t width = curve != nullptr ? curve->coordinate_bytes : 0;
  const auto first = key_number(key, curve != nullptr ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N, width);
  if (!first) return first.error();
  const auto second = key_number(key, curve != nullptr ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_E, width);
  if (!second) return second.error();
  if (curve == nullptr) return Json{{"kty", "RSA"}, {"n", to_base64url(*first)}, {"e", to_base64url(*second)}};
  return Json{{"kty", "EC"}, {"crv", curve->jose_name}, {"x", to_base64url(*first)}, {"y", to_base64url(*second)}};
}

Result<std::string> jwk_thumbprint(const EVP_PKEY& key) {
  const auto jwk = to_jwk(key);
  if (!jwk) return jwk.error();
  // RFC 7638 section 3: the required members alone, in lexicographic order, without white space: as Json keeps them.
  return to_base64url(sha256(as_bytes(dump_json(*jwk))));
}

}  // namespace p2p::crypto
