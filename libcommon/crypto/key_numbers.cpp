#include "crypto/key_numbers.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace p2p::crypto {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 4096;

struct NumberDeleter {
  void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
};

}  // namespace

const Curve* curve_of(const EVP_PKEY& key) noexcept {
  if (!EVP_PKEY_is_a(&key, "EC")) return nullptr;
  char name[32] = {};
  if (EVP_PKEY_get_group_name(&key, name, sizeof name, nullptr) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  for (const Curve* curve : {&kP256, &kP384}) {
    if (std::string_view(name) == curve->openssl_name) return curve;
  }
  return nullptr;
}

std::optional<int> rsa_bits_of(const EVP_PKEY& key) noexcept {
  if (!EVP_PKEY_is_a(&key, "RSA")) return std::nullopt;
  const int bits = EVP_PKEY_get_bits(&key);
  return bits >= kMinRsaBits && bits <= kMaxRsaBits ? std::optional(bits) : std::nullopt;
}

Result<Bytes> key_number(const EVP_PKEY& key, const char* parameter, std::size_t width) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(&key, parameter, &raw) != 1) {
    return openssl_error(Errc::invalid, std::string("the key has no number ") + parameter);
  }
  const std::unique_ptr<BIGNUM, NumberDeleter> number(raw);
  Bytes out(std::max(width, static_cast<std::size_t>(BN_num_bytes(number.get()))));
  BN_bn2binpad(number.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

}  // namespace p2p::crypto
