#include "logs/sources/journal_entry.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.hpp"
#include "logs/sources/syslog_message.hpp"

namespace p2p::logs {
namespace {

constexpr std::array<std::string_view, 12> kWantedFields{
    "MESSAGE",   "PRIORITY",   "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER",          "_COMM",     "_PID",
    "_HOSTNAME", "_TRANSPORT", "CODE_FILE",     "_SOURCE_REALTIME_TIMESTAMP", "CODE_FUNC", "CODE_LINE"};
constexpr std::string_view kPackagedUnit = "p2p-node.service";
constexpr std::int64_t kMaxMicroseconds = INT64_MAX / 1000;

std::string_view field(const JournalFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second;
}

std::int64_t number(std::string_view text, std::int64_t otherwise) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= 0 ? out : otherwise;
}

std::string_view without_service(std::string_view unit) {
  constexpr std::string_view kEnding = ".service";
  if (unit.ends_with(kEnding)) unit.remove_suffix(kEnding.size());
  return unit;
}

}  // namespace

bool is_wanted_field(std::string_view name) {
  return std::find(kWantedFields.begin(), kWantedFields.end(), name) != kWantedFields.end();
}

LogRecord record_of_journal(const JournalFields& fields) {
  constexpr std::int64_t kInfo = 6;
  const auto priority = static_cast<unsigned>(std::min<std::int64_t>(number(field(fields, "PRIORITY"), kInfo), 7));
  const std::string_view unit = field(fields, "_SYSTEMD_UNIT");
  std::string_view identifier = field(fields, "SYSLOG_IDENTIFIER");
  if (identifier.empty()) identifier = field(fields, "_COMM");
  const std::string_view transport = field(fields, "_TRANSPORT");

  LogRecord out;
  const auto microseconds = number(field(fields, "_SOURCE_REALTIME_TIMESTAMP"), 0);
  out.timestamp = WallTime(std::chrono::microseconds(std::min(microseconds, kMaxMicroseconds)));
  out.level = level_of_syslog(priority);
  const auto name = !unit.empty() ? without_service(unit) : transport == "kernel" ? transport : identifier;
  out.logger_name = name.empty() ? "Journal" : "Journal." + clean_text(name, kMaxNameBytes - 8);
  out.message = field(fields, "MESSAGE");
  out.module = field(fields, "CODE_FILE");
  out.function = field(fields, "CODE_FUNC");
  out.line = static_cast<std::uint32_t>(std::min<std::int64_t>(number(field(fields, "CODE_LINE"), 0), UINT32_MAX));

  Json attrs{{"priority", syslog_severity(priority)}};
  const std::pair<const char*, std::string_view> texts[] = {{"unit", unit},
                                                            {"identifier", identifier},
                                                            {"pid", field(fields, "_PID")},
                                                            {"hostname", field(fields, "_HOSTNAME")},
                                                            {"transport", transport}};
  for (const auto& [key, text] : texts) {
    if (!text.empty()) attrs[key] = clean_text(text, kMaxNameBytes);
  }
  out.attrs = dump_json(attrs);
  return out;
}

bool is_own_entry(const JournalFields& fields, const JournalOwner& own) {
  const auto unit = field(fields, "_SYSTEMD_UNIT");
  return unit == kPackagedUnit || (!own.unit.empty() && unit == own.unit) || field(fields, "_PID") == own.pid;
}

}  // namespace p2p::logs
