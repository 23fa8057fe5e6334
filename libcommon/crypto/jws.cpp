// cjose 0.6.2 signs and verifies. It lets through `crit`, duplicate members, trailing bytes of signatures and curves
// that do not fit the algorithm; all that is refused here before it is called.
#include "crypto/jws.hpp"

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "base/text.hpp"
#include "crypto/key_numbers.hpp"

namespace p2p::crypto {
namespace {

struct AlgorithmFacts {
  JwsAlgorithm algorithm;
  std::string_view name;
  const Curve* curve;     ///< of ES…
  std::size_t mac_bytes;  ///< of HS…
};
constexpr std::array kAlgorithms = {
    AlgorithmFacts{JwsAlgorithm::rs256, "RS256", nullptr, 0},
    AlgorithmFacts{JwsAlgorithm::es256, "ES256", &kP256, 0},
    AlgorithmFacts{JwsAlgorithm::es384, "ES384", &kP384, 0},
    AlgorithmFacts{JwsAlgorithm::hs256, "HS256", nullptr, 32},
    AlgorithmFacts{JwsAlgorithm::hs384, "HS384", nullptr, 48},
    AlgorithmFacts{JwsAlgorithm::hs512, "HS512", nullptr, 64},
};

const AlgorithmFacts& facts_of(JwsAlgorithm algorithm) { return kAlgorithms.at(static_cast<std::size_t>(algorithm)); }

struct JoseDeleter {
  void operator()(cjose_jws_t* jws) const noexcept { cjose_jws_release(jws); }
  void operator()(cjose_jwk_t* jwk) const noexcept { cjose_jwk_release(jwk); }
  void operator()(cjose_header_t* header) const noexcept { cjose_header_release(header); }
};
using JwsPtr = std::unique_ptr<cjose_jws_t, JoseDeleter>;
using JwkPtr = std::unique_ptr<cjose_jwk_t, JoseDeleter>;
using HeaderPtr = std::unique_ptr<cjose_header_t, JoseDeleter>;

Error cjose_failure(Errc kind, std::string_view what, const cjose_err& error) {
  ERR_clear_error();
  return {kind, fmt::format("{} ({})", what, error.message != nullptr ? error.message : "no reason given")};
}

/// Numbers of a private key are wiped when they go.
struct Number {
  Bytes bytes;
  Number() = default;
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

Result<JwkPtr> ec_jwk(const EVP_PKEY& key, const Curve& curve, bool with_private) {
  cjose_jwk_ec_keyspec spec{};
  spec.crv = &curve == &kP384 ? CJOSE_JWK_EC_P_384 : CJOSE_JWK_EC_P_256;
  struct Part {
    const char* parameter;
    std::uint8_t** data;
    std::size_t* size;
  };
  const std::array parts = {Part{OSSL_PKEY_PARAM_EC_PUB_X, &spec.x, &spec.xlen},
                            Part{OSSL_PKEY_PARAM_EC_PUB_Y, &spec.y, &spec.ylen},
                            Part{OSSL_PKEY_PARAM_PRIV_KEY, &spec.d, &spec.dlen}};
  std::array<Number, parts.size()> numbers;
  for (std::size_t i = 0; i < (with_private ? 3U : 2U); ++i) {
    auto number = key_number(key, parts[i].parameter, curve.coordinate_bytes);
    if (!number) return number.error();
    numbers[i].bytes = std::move(*number);
    *parts[i].data = numbers[i].bytes.data();
    *parts[i].size = numbers[i].bytes.size();
  }
  cjose_err error{};
  JwkPtr out(cjose_jwk_create_EC_spec(&spec, &error));
  if (!out) return cjose_failure(Errc::invalid, "the key cannot be used", error);
  return out;
}

Result<JwkPtr> rsa_jwk(const EVP_PKEY& key, bool with_private) {
  cjose_jwk_rsa_keyspec spec{};
  struct Part {
    const char* parameter;
    std::uint8_t** data;
    std::size_t* size;
  };
  const std::array parts = {
      Part{OSSL_PKEY_PARAM_RSA_N, &spec.n, &spec.nlen},
      Part{OSSL_PKEY_PARAM_RSA_E, &spec.e, &spec.elen},
      Part{OSSL_PKEY_PARAM_RSA_D, &spec.d, &spec.dlen},
      Part{OSSL_PKEY_PARAM_RSA_FACTOR1, &spec.p, &spec.plen},
      Part{OSSL_PKEY_PARAM_RSA_FACTOR2, &spec.q, &spec.qlen},
      Part{OSSL_PKEY_PARAM_RSA_EXPONENT1, &spec.dp, &spec.dplen},
      Part{OSSL_PKEY_PARAM_RSA_EXPONENT2, &spec.dq, &spec.dqlen},
      Part{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &spec.qi, &spec.qilen},
  };
  std::array<Number, parts.size()> numbers;
  for (std::size_t i = 0; i < (with_private ? parts.size() : 2U); ++i) {
    auto number = key_number(key, parts[i].parameter);
    if (!number) return number.error();
    numbers[i].bytes = std::move(*number);
    *parts[i].data = numbers[i].bytes.data();
    *parts[i].size = numbers[i].bytes.size();
  }
  cjose_err error{};
  JwkPtr out(cjose_jwk_create_RSA_spec(&spec, &error));
  if (!out) return cjose_failure(Errc::invalid, "the key cannot be used", error);
  return out;
}

Result<JwkPtr> to_cjose(const EVP_PKEY& key, bool with_private) {
  if (const Curve* curve = curve_of(key)) return ec_jwk(key, *curve, with_private);
  return rsa_jwk(key, with_private);
}

Result<JwkPtr> to_cjose(const Secret& key) {
  if (key.empty()) return Error(Errc::invalid, "the secret is empty");
  cjose_err error{};
  JwkPtr out(cjose_jwk_create_oct_spec(as_bytes(key.view()).data(), key.view().size(), &error));
  if (!out) return cjose_failure(Errc::failed, "the secret cannot be used", error);
  return out;
}

Result<JwsAlgorithm> algorithm_of(const Json& header) {
  const std::string* name = find_string(header, "alg");
  if (name == nullptr) return Error(Errc::invalid, "the protected header has no algorithm \"alg\"");
  for (const auto& facts : kAlgorithms) {
    if (facts.name == *name) return facts.algorithm;
  }
  return Error(Errc::unsupported,
               fmt::format("the signature algorithm \"{}\" is not supported", escape_controls(name->substr(0, 32))));
}

/// The length of an RSA signature is that of the key's modulus, and checked by the verification.
Result<void> check_signature_length(JwsAlgorithm algorithm, std::size_t size) {
  const auto& facts = facts_of(algorithm);
  std::size_t wanted = facts.mac_bytes;
  if (facts.curve != nullptr) wanted = 2 * facts.curve->coordinate_bytes;
  if (wanted == 0 || size == wanted) return {};
  return Error(Errc::invalid, fmt::format("a signature with {} has {} bytes, not {}", facts.name, wanted, size));
}

Result<Jws> read_parts(std::string_view header, std::string_view payload, std::string_view signature) {
  if (header.size() + payload.size() + signature.size() > kMaxJwsBytes) {
    return Error(Errc::too_large, fmt::format("a JWS has at most {} bytes", kMaxJwsBytes));
  }
  const auto header_bytes = from_base64url(header);
  const auto payload_bytes = from_base64url(payload);
  const auto signature_bytes = from_base64url(signature);
  if (!header_bytes || !payload_bytes || !signature_bytes) {
    return Error(Errc::invalid, "a part of the JWS is not canonical unpadded base64url");
  }
  Jws out;
  auto parsed = parse_json(as_text(*header_bytes));
  if (!parsed) return Error(Errc::invalid, "the protected header is " + parsed.error().context);
  if (!parsed->is_object()) return Error(Errc::invalid, "the protected header is not a JSON object");
  if (parsed->contains("crit"))
    return Error(Errc::invalid, "the protected header has \"crit\", which is not supported");
  out.header = std::move(*parsed);
  const auto algorithm = algorithm_of(out.header);
  if (!algorithm) return algorithm.error();
  out.algorithm = *algorithm;
  if (auto checked = check_signature_length(out.algorithm, signature_bytes->size()); !checked) return checked.error();
  out.payload = to_text(*payload_bytes);
  out.compact = fmt::format("{}.{}.{}", header, payload, signature);
  return out;
}

Result<void> verify(const Jws& jws, const cjose_jwk_t& key) {
  cjose_err error{};
  const JwsPtr imported(cjose_jws_import(jws.compact.data(), jws.compact.size(), &error));
  if (!imported) return cjose_failure(Errc::invalid, "the JWS cannot be read", error);
  if (!cjose_jws_verify(imported.get(), &key, &error)) {
    return cjose_failure(Errc::damaged, "the signature is not of this content and key", error);
  }
  return {};
}

/// cjose takes text members as they are and all others as JSON.
Result<HeaderPtr> make_header(const Json& header, JwsAlgorithm algorithm) {
  cjose_err error{};
  HeaderPtr out(cjose_header_new(&error));
  if (!out) return cjose_failure(Errc::failed, "cannot make a header", error);
  const std::string name(to_string(algorithm));
  bool set = cjose_header_set(out.get(), CJOSE_HDR_ALG, name.c_str(), &error);
  for (const auto& [key, value] : header.items()) {
    set = set && (value.is_string()
                      ? cjose_header_set(out.get(), key.c_str(), value.get_ref<const std::string&>().c_str(), &error)
                      : cjose_header_set_raw(out.get(), key.c_str(), dump_json(value).c_str(), &error));
  }
  if (!set) return cjose_failure(Errc::failed, "cannot make a header", error);
  return out;
}

Result<std::string> sign(const Json& header, JwsAlgorithm algorithm, std::string_view payload, const cjose_jwk_t& key) {
  auto made = make_header(header, algorithm);
  if (!made) return made.error();
  cjose_err error{};
  // An empty view may have no address, which cjose refuses.
  const auto* data = as_bytes(payload.empty() ? std::string_view("") : payload).data();
  const JwsPtr jws(cjose_jws_sign(&key, made->get(), data, payload.size(), &error));
  const char* text = nullptr;  // owned by jws
  if (!jws || !cjose_jws_export(jws.get(), &text, &error)) return cjose_failure(Errc::failed, "cannot sign", error);
  return std::string(text);
}

Result<Json> flatten(const Result<std::string>& compact) {
  if (!compact) return compact.error();
  const auto parts = split(*compact, '.');
  return Json{{"protected", parts.at(0)}, {"payload", parts.at(1)}, {"signature", parts.at(2)}};
}

}  // namespace

std::string_view to_string(JwsAlgorithm algorithm) noexcept { return facts_of(algorithm).name; }
bool is_mac(JwsAlgorithm algorithm) noexcept { return facts_of(algorithm).mac_bytes > 0; }

Result<Jws> parse_jws(std::string_view flattened) {
  if (flattened.size() > kMaxJwsBytes) {
    return Error(Errc::too_large, fmt::format("a JWS has at most {} bytes", kMaxJwsBytes));
  }
  const auto parsed = parse_json(flattened);
  if (!parsed) return Error(Errc::invalid, "the JWS is " + parsed.error().context);
  return read_flattened_jws(*parsed);
}

Result<Jws> read_flattened_jws(const Json& flattened) {
  const std::string* header = find_string(flattened, "protected");
  const std::string* payload = find_string(flattened, "payload");
  const std::string* signature = find_string(flattened, "signature");
  if (header == nullptr || payload == nullptr || signature == nullptr || flattened.size() != 3) {
    return Error(Errc::invalid, "a flattened JWS has the members protected, payload and signature, and no others");
  }
  return read_parts(*header, *payload, *signature);
}

Result<Jws> parse_compact_jws(std::string_view compact) {
  if (compact.size() > kMaxJwsBytes) {
    return Error(Errc::too_large, fmt::format("a JWS has at most {} bytes", kMaxJwsBytes));
  }
  const auto parts = split(compact, '.');
  if (parts.size() != 3) return Error(Errc::invalid, "a compact JWS has three parts");
  return read_parts(parts[0], parts[1], parts[2]);
}

Result<void> verify_jws(const Jws& jws, const EVP_PKEY& public_key) {
  const Curve* wanted = facts_of(jws.algorithm).curve;
  const bool fits = !is_mac(jws.algorithm) && curve_of(public_key) == wanted &&
                    (wanted != nullptr || rsa_bits_of(public_key).has_value());
  if (!fits) return Error(Errc::unsupported, fmt::format("{} does not fit the key", to_string(jws.algorithm)));
  const auto key = to_cjose(public_key, false);
  if (!key) return key.error();
  return verify(jws, **key);
}

Result<void> verify_jws(const Jws& jws, const Secret& key) {
  if (!is_mac(jws.algorithm)) {
    return Error(Errc::unsupported, fmt::format("{} does not work with a shared secret", to_string(jws.algorithm)));
  }
  const auto secret = to_cjose(key);
  if (!secret) return secret.error();
  return verify(jws, **secret);
}

Result<std::string> sign_compact_jws(const Json& header, std::string_view payload, const EVP_PKEY& private_key) {
  const Curve* curve = curve_of(private_key);
  if (curve == nullptr && !rsa_bits_of(private_key)) {
    return Error(Errc::unsupported, "a key of this type does not sign JWS");
  }
  JwsAlgorithm algorithm = JwsAlgorithm::rs256;
  if (curve != nullptr) algorithm = curve == &kP384 ? JwsAlgorithm::es384 : JwsAlgorithm::es256;
  const auto key = to_cjose(private_key, true);
  if (!key) return key.error();
  return sign(header, algorithm, payload, **key);
}

Result<Json> sign_jws(const Json& header, std::string_view payload, const EVP_PKEY& private_key) {
  return flatten(sign_compact_jws(header, payload, private_key));
}

Result<Json> sign_jws(const Json& header, std::string_view payload, const Secret& key) {
  const auto secret = to_cjose(key);
  if (!secret) return secret.error();
  return flatten(sign(header, JwsAlgorithm::hs256, payload, **secret));
}

}  // namespace p2p::crypto
