// Byte strings and their text forms: hexadecimal, base64 and base64url (RFC 4648).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace p2p {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }
inline std::string to_text(ByteView bytes) { return std::string(as_text(bytes)); }

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
/// Accepts both cases; an odd length or another character is `invalid`.
Result<Bytes> from_hex(std::string_view text);

/// Unpadded base64url (RFC 4648 section 5).
std::string to_base64url(ByteView bytes);
/// Refuses padding, characters outside the alphabet and non-zero trailing bits, so that a value has one text form.
Result<Bytes> from_base64url(std::string_view text);

/// Padded base64 (RFC 4648 section 4).
std::string to_base64(ByteView bytes);
/// Exactly what to_base64 writes: full padding, and zero trailing bits.
Result<Bytes> from_base64(std::string_view text);

}  // namespace p2p
