// Values of keys in a common form: read from a scalar, checked against the key's rules, put into a NodeConfig, and
// written again. Pure.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "config/keys.hpp"

namespace p2p::config {

/// Texts, and enumerations as their text; integers of every width; durations.
using Value = std::variant<bool, std::uint64_t, std::chrono::milliseconds, std::string, std::vector<std::string>>;

enum class Type : unsigned char { boolean, integer, bytes, duration, text, list, choice };
Type type_of(const Key& key) noexcept;
/// The texts that a `choice` accepts; empty for other types.
std::vector<std::string_view> choices_of(const Key& key);
/// For people: `an integer from 0 to 65535`, `a duration in seconds from 0.05 to 3600`.
std::string describe_type(const Key& key);

/// Where a scalar comes from, as YAML's rules for what a text is hold in files only.
enum class Style : unsigned char { plain, quoted, outside /* environment or command line */ };

inline constexpr std::size_t kMaxListEntries = 1000;

/// `invalid` with what was expected, without the key's name. A list takes one entry here.
Result<Value> parse_scalar(const Key& key, std::string_view text, Style style);
/// From the environment or the command line: a list is separated by commas, empty for none.
Result<Value> parse_outside(const Key& key, std::string_view text);

Value get(const NodeConfig& config, const Key& key);
/// The value must be of the key's kind, as parse_scalar gives it.
void set(NodeConfig& config, const Key& key, const Value& value);

/// As the loader reads it from a file: numbers in the key's unit, texts in double quotes, lists as `["a", "b"]`.
std::string to_yaml(const Key& key, const Value& value);
/// What the key has when nothing is given, for people: to_yaml of the initialiser, or Key::derived_default.
std::string default_text(const Key& key);

}  // namespace p2p::config
