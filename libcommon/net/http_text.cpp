#include "net/http_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "net/field_text.hpp"

namespace p2p::net {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kHttpDateBytes = 29;
constexpr std::chrono::seconds kMaxRetryAfter = std::chrono::hours(24);

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void append_length(std::string& out, std::size_t length) {
  out += "Content-Length: ";
  append_number(out, length);
  out += "\r\n";
}

/// These say how the message is framed and are written here alone.
bool is_framing_field(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
    if (equals_ignoring_case(name, own)) return true;
  }
  return false;
}

}  // namespace

std::string format_http_date(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Result<WallTime> parse_http_date(std::string_view text) {
  const Error wrong(Errc::invalid, "this is no HTTP date");
  if (text.size() != kHttpDateBytes) return wrong;
  const auto number = [&](std::size_t at, std::size_t size) {
    int out = -1;
    std::from_chars(text.data() + at, text.data() + at + size, out);
    return out;
  };
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3)) - kMonths.begin() + 1;
  const std::chrono::year_month_day date(std::chrono::year(number(12, 4)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(number(5, 2))));
  if (!date.ok() || date.year() < std::chrono::year(1970) || date.year() > std::chrono::year(2261)) return wrong;
  const WallTime time = std::chrono::sys_days(date) + std::chrono::hours(number(17, 2)) +
                        std::chrono::minutes(number(20, 2)) + std::chrono::seconds(number(23, 2));
  // Whatever else is wrong shows in the way back.
  if (format_http_date(time) != text) return wrong;
  return time;
}

std::optional<std::chrono::seconds> read_retry_after(const Headers& headers, WallTime now) {
  const std::string_view text = headers.get("Retry-After");
  if (text.empty()) return std::nullopt;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (count < 0) return std::nullopt;
    return std::min(std::chrono::seconds(count), kMaxRetryAfter);
  }
  const auto date = parse_http_date(text);
  if (!date || *date <= now) return std::nullopt;
  return std::min(std::chrono::ceil<std::chrono::seconds>(*date - now), kMaxRetryAfter);
}

void append_response(std::string& out, const Response& response, const ResponseWriting& how) {
  const bool bodiless = response.status == 204 || response.status == 304;
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  append_field(out, "Date", how.date);
  if (!bodiless) {
    if (!response.content_type.empty() && is_field_value(response.content_type)) {
      append_field(out, "Content-Type", response.content_type);
      // What a log line or a service said must not become a page in a browser that knows better.
      if (!response.headers.has("X-Content-Type-Options")) append_field(out, "X-Content-Type-Options", "nosniff");
    }
    if (!how.streamed) {
      append_length(out, response.body.size());
    } else if (!how.http10_client) {
      out += "Transfer-Encoding: chunked\r\n";
    }
  }
  // Answers are of the moment, and for the one who asked, unless they say otherwise; nothing on the way keeps a token
  // or session (RFC 6749 section 5.1).
  if (response.status != 304 && !response.headers.has("Cache-Control")) append_field(out, "Cache-Control", "no-store");
  if (!how.keep_alive) {
    out += "Connection: close\r\n";
  } else if (how.http10_client) {
    out += "Connection: keep-alive\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && is_field_value(value) && !is_framing_field(name)) append_field(out, name, value);
  }
  out += "\r\n";
  if (how.with_body && !how.streamed && !bodiless) out += response.body;
}

Result<void> append_request(std::string& out, Method method, std::string_view target, std::string_view host,
                            const Headers& headers, std::string_view body) {
  if (!target.starts_with('/') || target.find(' ') != std::string_view::npos || !is_field_value(target)) {
    return Error(Errc::invalid, "the request target is not a path");
  }
  out += to_string(method);
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\n";
  append_field(out, "Host", host);
  if (!body.empty() || method == Method::post || method == Method::put) append_length(out, body.size());
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_field_value(value) || is_framing_field(name) || equals_ignoring_case(name, "Host")) {
      return Error(Errc::invalid, fmt::format("the header \"{}\" cannot be sent", is_token(name) ? name : "?"));
    }
    append_field(out, name, value);
  }
  out += "\r\n";
  out += body;
  return {};
}

}  // namespace p2p::net
