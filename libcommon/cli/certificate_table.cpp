#include "cli/certificate_table.hpp"

#include <chrono>

#include "base/text.hpp"

namespace p2p::cli {
namespace {

/// Enough of a serial to tell two apart by eye.
constexpr std::size_t kShortSerial = 12;
/// `2027-01-31`, the beginning of a date and time.
constexpr std::size_t kDateLength = 10;
/// With less time left, a certificate is worth a look.
constexpr std::chrono::days kSoon{30};

Cell time_left_cell(const Json& entry) {
  const Json* revoked = find_member(entry, "revoked_at");
  if (revoked != nullptr && !revoked->is_null()) return {"revoked", Style::bad};
  const Json* seconds = find_member(entry, "seconds_left");
  if (seconds == nullptr || !seconds->is_number_integer()) return {"-", Style::dim};
  const std::chrono::seconds left(seconds->get<std::int64_t>());
  if (left.count() < 0) return {"expired", Style::bad};
  return {time_text(left), left < kSoon ? Style::warn : Style::plain};
}

}  // namespace

std::string time_text(std::chrono::seconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time).count();
  if (days < 1) return format_duration(time);
  return days == 1 ? "1 day" : std::to_string(days) + " days";
}

Column time_left_column() { return {"TIME LEFT", time_left_cell, Align::right}; }

Column beginning_column(std::string_view heading, std::string key, std::size_t length) {
  return {heading, [key = std::move(key), length](const Json& entry) {
            return Cell{member_text(entry, key).substr(0, length)};
          }};
}

Column date_column(std::string_view heading, std::string key) {
  return beginning_column(heading, std::move(key), kDateLength);
}

std::vector<Column> certificate_columns() {
  return {member_column("NAME", "name"), member_column("ROLE", "role"),
          beginning_column("SERIAL", "serial", kShortSerial), date_column("EXPIRES", "not_after"), time_left_column()};
}

std::vector<Column> recorded_columns() {
  auto out = certificate_columns();
  out.push_back(date_column("ISSUED", "issued_at"));
  out.push_back(member_column("BY", "issued_by"));
  return out;
}

}  // namespace p2p::cli
