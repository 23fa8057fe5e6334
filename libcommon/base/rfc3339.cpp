#include "base/rfc3339.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"

namespace p2p {
namespace {

/// Reads exactly `count` digits at `at` and moves on; -1 when they are not there.
int take_digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += count;
  return value;
}

bool take(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

std::optional<WallTime> read_date(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  const int y = take_digits(text, at, 4);
  if (y < 1678 || y > 2261 || !take(text, at, "-")) return std::nullopt;
  const int mo = take_digits(text, at, 2);
  if (mo < 0 || !take(text, at, "-")) return std::nullopt;
  const int d = take_digits(text, at, 2);
  if (d < 0 || !take(text, at, "Tt ")) return std::nullopt;
  const int h = take_digits(text, at, 2);
  if (h < 0 || h > 23 || !take(text, at, ":")) return std::nullopt;
  const int mi = take_digits(text, at, 2);
  if (mi < 0 || mi > 59 || !take(text, at, ":")) return std::nullopt;
  int s = take_digits(text, at, 2);
  if (s < 0 || s > 60) return std::nullopt;
  if (s == 60) s = 59;
  std::int64_t nanos = 0;
  if (take(text, at, ".")) {
    const std::size_t first = at;
    while (at < text.size() && at - first < 9 && text[at] >= '0' && text[at] <= '9')
      nanos = nanos * 10 + (text[at++] - '0');
    if (at == first) return std::nullopt;
    for (std::size_t i = at - first; i < 9; ++i) nanos *= 10;
  }
  minutes offset{0};
  if (!take(text, at, "Zz")) {
    const bool minus = at < text.size() && text[at] == '-';
    if (!take(text, at, "+-")) return std::nullopt;
    const int oh = take_digits(text, at, 2);
    if (oh < 0 || oh > 23 || !take(text, at, ":")) return std::nullopt;
    const int om = take_digits(text, at, 2);
    if (om < 0 || om > 59) return std::nullopt;
    offset = minutes{(oh * 60 + om) * (minus ? -1 : 1)};
  }
  if (at != text.size()) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok()) return std::nullopt;
  const WallTime out = WallTime{sys_days{date}} + hours{h} + minutes{mi} - offset + seconds{s} + nanoseconds{nanos};
  if (out < kEarliestDate || out > kLatestDate) return std::nullopt;
  return out;
}

/// Over `count` characters from `at` on.
void put_digits(std::string& out, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = at + count; i > at; value /= 10) out[--i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string format_rfc3339(WallTime time, int digits) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<nanoseconds>(time - day)};
  // Written digit by digit: each record that is shown has one or two of these.
  std::string out = "0000-00-00T00:00:00.000000000Z";
  put_digits(out, 0, 4, static_cast<int>(date.year()));
  put_digits(out, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(out, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(out, 11, 2, clock.hours().count());
  put_digits(out, 14, 2, clock.minutes().count());
  put_digits(out, 17, 2, clock.seconds().count());
  put_digits(out, 20, 9, clock.subseconds().count());
  const std::size_t end = digits > 0 ? 20 + static_cast<std::size_t>(digits) : 19;
  out[end] = 'Z';
  out.resize(end + 1);
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  if (const auto time = read_date(text)) return *time;
  return Error(Errc::invalid, fmt::format("\"{}\" is not an RFC 3339 date", escape_controls(text.substr(0, 64))));
}

}  // namespace p2p
