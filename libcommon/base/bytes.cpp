#include "base/bytes.hpp"

#include <array>

namespace p2p {
namespace {

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode64(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    for (bits += 8; bits >= 6; bits -= 6) out.push_back(alphabet[(buffer >> (bits - 6)) & 63]);
  }
  if (bits > 0) out.push_back(alphabet[(buffer << (6 - bits)) & 63]);
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The values of the characters, -1 for those outside.
class Alphabet {
 public:
  explicit Alphabet(std::string_view characters) {
    values_.fill(-1);
    for (std::size_t i = 0; i < characters.size(); ++i) {
      values_[static_cast<std::uint8_t>(characters[i])] = static_cast<std::int8_t>(i);
    }
  }
  int value_of(char c) const { return values_[static_cast<std::uint8_t>(c)]; }

 private:
  std::array<std::int8_t, 256> values_{};
};

/// Without padding.
Result<Bytes> decode64(std::string_view text, const Alphabet& alphabet) {
  if (text.size() % 4 == 1) return Error(Errc::invalid, "base64 text with an impossible length");
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = alphabet.value_of(c);
    if (value < 0) return Error(Errc::invalid, "a character outside the base64 alphabet");
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(buffer >> bits));
    }
  }
  if ((buffer & ((1U << bits) - 1)) != 0) return Error(Errc::invalid, "base64 text with non-zero trailing bits");
  return out;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return Error(Errc::invalid, "hexadecimal text has an odd number of digits");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return Error(Errc::invalid, "not a hexadecimal digit");
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

std::string to_base64url(ByteView bytes) { return encode64(bytes, kUrlAlphabet); }

std::string to_base64(ByteView bytes) {
  std::string out = encode64(bytes, kAlphabet);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

Result<Bytes> from_base64url(std::string_view text) {
  static const Alphabet alphabet(kUrlAlphabet);
  return decode64(text, alphabet);
}

Result<Bytes> from_base64(std::string_view text) {
  static const Alphabet alphabet(kAlphabet);
  if (text.size() % 4 != 0) return Error(Errc::invalid, "base64 text with an impossible length");
  if (text.ends_with("==")) return decode64(text.substr(0, text.size() - 2), alphabet);
  return decode64(text.substr(0, text.size() - (text.ends_with("=") ? 1 : 0)), alphabet);
}

}  // namespace p2p
