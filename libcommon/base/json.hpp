// Strict reading of JSON (RFC 8259) and CBOR (RFC 8949) from outside: nlohmann's own entry points overflow the stack on
// deep nesting, so depth is enforced while parsing, and duplicate members are refused.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace p2p {

using Json = nlohmann::json;

/// Nesting allowed in any document from outside (DESIGN.md section 3).
inline constexpr int kMaxJsonDepth = 64;

/// `invalid` with position and reason for anything that is not one JSON text of valid UTF-8, no deeper than
/// kMaxJsonDepth, without duplicate members. The caller bounds the size.
Result<Json> parse_json(std::string_view text);

/// The same for CBOR with definite or indefinite lengths; trailing bytes are `invalid`. Lengths beyond the input never
/// allocate.
Result<Json> parse_cbor(ByteView bytes);

/// Compact text; invalid UTF-8 in strings is replaced (U+FFFD), never thrown.
std::string dump_json(const Json& value);
Bytes dump_cbor(const Json& value);

/// The member `key` of an object if it is there and has the type asked for, else nullptr. No exceptions, no copies.
const Json* find_member(const Json& object, std::string_view key);
const std::string* find_string(const Json& object, std::string_view key);
/// Integers only; `std::nullopt` when absent, of another type, or out of range.
std::optional<std::uint64_t> find_unsigned(const Json& object, std::string_view key);
/// Whether it is there and `true`.
bool is_true(const Json& object, std::string_view key);

}  // namespace p2p
