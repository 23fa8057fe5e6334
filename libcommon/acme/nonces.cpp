#include "acme/nonces.hpp"

#include "base/bytes.hpp"
#include "base/system_random.hpp"
#include "crypto/kdf.hpp"

namespace p2p::acme {
namespace {

constexpr std::size_t kBodyBytes = 16;
constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kTextBytes = (kBodyBytes + kMacBytes) * 4 / 3 + 1;

void append(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t read(ByteView bytes) {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Nonces::Nonces(std::uint64_t window) : key_(as_text(random_bytes(32))), window_(window) {}

std::string Nonces::make(WallTime now) {
  Bytes bytes;
  {
    const std::lock_guard lock(mutex_);
    append(bytes, window_.give());
  }
  append(bytes, static_cast<std::uint64_t>(seconds_of(now)));
  const auto mac = crypto::hmac_sha256(as_bytes(key_.view()), bytes);
  bytes.insert(bytes.end(), mac.begin(), mac.begin() + kMacBytes);
  return to_base64url(bytes);
}

bool Nonces::take(std::string_view nonce, WallTime now) {
  if (nonce.size() != kTextBytes) return false;
  const auto bytes = from_base64url(nonce);
  if (!bytes) return false;
  const ByteView body = ByteView(*bytes).first(kBodyBytes);
  const auto mac = crypto::hmac_sha256(as_bytes(key_.view()), body);
  if (!crypto::equal_constant_time(ByteView(mac).first(kMacBytes), ByteView(*bytes).subspan(kBodyBytes))) return false;
  const auto made = static_cast<std::int64_t>(read(body.subspan(8)));
  if (seconds_of(now) - made > std::chrono::seconds(kNonceLifetime).count()) return false;
  const std::lock_guard lock(mutex_);
  return window_.take(read(body.first(8)));
}

}  // namespace p2p::acme
