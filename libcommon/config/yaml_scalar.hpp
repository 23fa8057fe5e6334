// What a scalar of a configuration file says, read strictly: only the forms that YAML 1.1 and 1.2 agree on count as
// booleans and numbers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2p::config {

/// `true` and `false` in the three spellings of YAML 1.2; not yes, no, on, off.
std::optional<bool> read_boolean(std::string_view text);
/// Decimal digits without a leading zero, sign, or separator.
std::optional<std::uint64_t> read_decimal(std::string_view text);
/// A decimal number with up to three decimals, times `scale`; nullopt where that is not whole.
std::optional<std::uint64_t> read_decimal_scaled(std::string_view text, std::uint64_t scale);
/// A number of bytes: `1024`, `64 KiB`, `256MiB`, `10 GiB`, `1 TiB`.
std::optional<std::uint64_t> read_bytes(std::string_view text);

/// How some YAML reader takes a plain text that is meant as text: `a boolean`, `a number`; nullopt when all take it as
/// text.
std::optional<std::string_view> read_by_yaml_as(std::string_view text);
/// Advice on a text that some take for a boolean: `; write true`, `; write false`, or empty.
std::string_view boolean_trap(std::string_view text);
/// Advice on a text that looks like a number to people but not to read_decimal: `; write 777`, or empty.
std::string number_trap(std::string_view text);

}  // namespace p2p::config
