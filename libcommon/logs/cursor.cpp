#include "logs/cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace p2p::logs {

std::string Cursor::to_text() const { return fmt::format("{}-{}", store_id, number); }

Result<Cursor> parse_cursor(std::string_view text) {
  constexpr std::size_t kStoreIdDigits = 16;
  const Error wrong(Errc::invalid, fmt::format("\"{}\" is not a log cursor", escape_controls(text.substr(0, 40))));
  if (text.size() < kStoreIdDigits + 2 || text[kStoreIdDigits] != '-') return wrong;
  Cursor out{std::string(text.substr(0, kStoreIdDigits)), 0};
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(out.store_id.begin(), out.store_id.end(), is_digit)) return wrong;
  const std::string_view digits = text.substr(kStoreIdDigits + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
  if (error != std::errc{} || end != digits.data() + digits.size() || out.number > INT64_MAX) return wrong;
  return out;
}

}  // namespace p2p::logs
