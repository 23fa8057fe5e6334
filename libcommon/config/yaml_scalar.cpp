#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace p2p::config {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::string lower = lower_ascii(text);
  if (lower == ".inf" || lower == ".nan") return true;
  if (lower.starts_with("0x")) return all_of(std::string_view(lower).substr(2), "0123456789abcdef_");
  if (lower.starts_with("0o") || lower.starts_with("0b")) return all_of(std::string_view(lower).substr(2), "01234567_");
  if (lower.find_first_of(kDigits) == std::string::npos) return false;
  const auto points = std::count(lower.begin(), lower.end(), '.');
  if (points <= 1 && all_of(lower, "0123456789_.")) return true;
  if (all_of(lower, "0123456789:") && lower.front() != ':' && lower.back() != ':') return true;  // YAML 1.1: base 60
  const std::size_t e = lower.find('e');
  if (e == std::string::npos || e == 0 || points > 1) return false;
  std::string_view exponent = std::string_view(lower).substr(e + 1);
  if (!exponent.empty() && (exponent.front() == '-' || exponent.front() == '+')) exponent.remove_prefix(1);
  return all_of(std::string_view(lower).substr(0, e), "0123456789_.") && all_of(exponent, kDigits);
}

}  // namespace

std::optional<bool> read_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<std::uint64_t> read_decimal(std::string_view text) {
  if (!all_of(text, kDigits) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_decimal_scaled(std::string_view text, std::uint64_t scale) {
  const std::size_t point = text.find('.');
  const auto whole = read_decimal(text.substr(0, point));
  if (!whole) return std::nullopt;
  const auto product = multiply(*whole, scale);
  if (!product || point == std::string_view::npos) return product;
  const std::string_view decimals = text.substr(point + 1);
  if (!all_of(decimals, kDigits) || decimals.size() > 3) return std::nullopt;
  std::uint64_t thousandths = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    thousandths = thousandths * 10 + (i < decimals.size() ? static_cast<std::uint64_t>(decimals[i] - '0') : 0);
  }
  const std::uint64_t part = thousandths * scale;
  if (part % 1000 != 0 || *product > std::numeric_limits<std::uint64_t>::max() - part / 1000) return std::nullopt;
  return *product + part / 1000;
}

std::optional<std::uint64_t> read_bytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits{
      {{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}};
  for (const auto& [name, scale] : kUnits) {
    if (!text.ends_with(name)) continue;
    const auto number = read_decimal(trim(text.substr(0, text.size() - name.size())));
    return number ? multiply(*number, scale) : std::nullopt;
  }
  return read_decimal(text);
}

std::optional<std::string_view> read_by_yaml_as(std::string_view text) {
  constexpr std::array<std::string_view, 8> kBooleans{"true", "false", "yes", "no", "on", "off", "y", "n"};
  const std::string lower = lower_ascii(text);
  if (std::find(kBooleans.begin(), kBooleans.end(), lower) != kBooleans.end()) return "a boolean";
  if (looks_like_number(text)) return "a number";
  return std::nullopt;
}

std::string_view boolean_trap(std::string_view text) {
  const std::string lower = lower_ascii(text);
  if (lower == "yes" || lower == "on" || lower == "y" || lower == "1") return "; write true";
  if (lower == "no" || lower == "off" || lower == "n" || lower == "0") return "; write false";
  return {};
}

std::string number_trap(std::string_view text) {
  std::string digits;
  for (const char c : text.substr(0, 32)) {
    if (c != '_') digits += c;
  }
  if (!all_of(digits, kDigits)) return {};
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  const std::string plain = digits.substr(first);
  return plain == text ? std::string() : "; write " + plain;
}

}  // namespace p2p::config
