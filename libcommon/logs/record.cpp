#include "logs/record.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace p2p::logs {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kNulSymbol = "\xE2\x90\x80";    // U+2400

void clean_in_place(std::string& text, std::size_t max_bytes) {
  if (text.size() <= max_bytes && text.find('\0') == std::string::npos && is_utf8(text)) return;
  text = clean_text(text, max_bytes);
}

/// Line ends between JSON tokens and unsafe characters in strings are legal, but break "one record a line" and
/// terminals; such text is written anew, in ASCII.
bool needs_rewriting(std::string_view text) {
  while (!text.empty() && unsafe_character(text) == 0) text.remove_prefix(1);
  return !text.empty();
}

void normalise_attrs(std::string& attrs) {
  if (attrs.empty()) return;
  const char* refused = nullptr;
  if (attrs.size() > kMaxAttrsBytes) {
    refused = "over 16 KiB";
  } else {
    const auto parsed = parse_json(attrs);
    if (!parsed || !parsed->is_object())
      refused = "not a JSON object";
    else if (needs_rewriting(attrs))
      attrs = parsed->dump(-1, ' ', true);
  }
  if (refused != nullptr) attrs = dump_json(Json{{"attrs_refused", refused}});
}

void add_attr(std::string& attrs, std::string_view name, std::uint64_t value) {
  auto parsed = attrs.empty() ? Json::object() : Json::parse(attrs, nullptr, false);
  parsed[std::string(name)] = value;
  attrs = dump_json(parsed);
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    std::string_view piece = text.substr(0, length);
    if (length == 0)
      piece = kReplacement;
    else if (text[0] == '\0')
      piece = kNulSymbol;
    if (out.size() + piece.size() > max_bytes) break;
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void normalise(LogRecord& record) {
  // Others send it as a number, and nobody could read what a date outside these stands in.
  record.timestamp = std::clamp(record.timestamp, kEarliestDate, kLatestDate);
  normalise_attrs(record.attrs);
  const std::size_t written_bytes = record.message.size();
  if (written_bytes > kMaxMessageBytes)
    cut_message(record, written_bytes);
  else
    clean_in_place(record.message, kMaxMessageBytes);
  clean_in_place(record.logger_name, kMaxNameBytes);
  if (record.logger_name.empty()) record.logger_name = "root";
  clean_in_place(record.module, kMaxNameBytes);
  clean_in_place(record.function, kMaxNameBytes);
  clean_in_place(record.trace_id, kMaxNameBytes);
}

void cut_message(LogRecord& record, std::size_t written_bytes) {
  clean_in_place(record.message, kMaxMessageBytes);
  add_attr(record.attrs, "message_cut_from_bytes", written_bytes);
}

int severity_of(LogLevel level) noexcept { return 5 + 4 * static_cast<int>(level); }

int syslog_severity_of(LogLevel level) noexcept {
  constexpr std::array<int, 5> kSeverities = {7, 6, 4, 3, 2};
  return kSeverities[static_cast<std::size_t>(level)];
}

LogLevel level_of_severity(std::int64_t severity) noexcept {
  if (severity >= 21) return LogLevel::critical;
  if (severity >= 17) return LogLevel::error;
  if (severity >= 13) return LogLevel::warning;
  if (severity >= 9) return LogLevel::info;
  return LogLevel::debug;
}

}  // namespace p2p::logs
