#include "logs/sources/syslog_message.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.hpp"
#include "base/rfc3339.hpp"

namespace p2p::logs {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxTagBytes = 48;   // APP-NAME of RFC 5424; RFC 3164 has 32, and senders do not keep it
constexpr unsigned kDefaultPriority = 13;  // user.notice, RFC 3164 section 4.3.3

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Two digits, or a space and a digit, as a number; -1 for anything else.
int two_digits(std::string_view text) {
  if ((text[0] != ' ' && !is_digit(text[0])) || !is_digit(text[1])) return -1;
  return (text[0] == ' ' ? 0 : 10 * (text[0] - '0')) + text[1] - '0';
}

/// Takes what comes before the next space, and the space.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/// `<0>` to `<191>`, without leading zeros.
std::optional<unsigned> take_priority(std::string_view& text) {
  const std::size_t end = text.substr(0, 5).find('>');
  if (!text.starts_with('<') || end == std::string_view::npos || end < 2) return {};
  const auto digits = text.substr(1, end - 1);
  if (!std::all_of(digits.begin(), digits.end(), is_digit) || (digits.size() > 1 && digits[0] == '0')) return {};
  unsigned number = 0;
  for (const char digit : digits) number = 10 * number + static_cast<unsigned>(digit - '0');
  if (number > 191) return {};
  text.remove_prefix(end + 1);
  return number;
}

class SyslogParser {
 public:
  explicit SyslogParser(const SyslogArrival& arrival) : arrival_(arrival) { record_.timestamp = arrival.now; }

  LogRecord parse(std::string_view text) {
    const unsigned priority = take_priority(text).value_or(kUnknown);
    const bool is_known = priority != kUnknown;
    set_priority(is_known ? priority : kDefaultPriority);
    if (!is_known) {
      record_.message = text;
    } else if (text.starts_with("1 ")) {
      if (!parse_5424(text.substr(2))) record_.message = text;
    } else {
      parse_3164(text);
    }
    if (!attrs_.contains("hostname")) add("hostname", arrival_.hostname);
    add("from", arrival_.from);
    record_.logger_name = app_name_.empty() ? "Syslog" : "Syslog." + clean_text(app_name_, kMaxTagBytes);
    record_.attrs = dump_json(attrs_);
    return std::move(record_);
  }

 private:
  static constexpr unsigned kUnknown = 255;

  void set_priority(unsigned priority) {
    record_.level = level_of_syslog(priority & 7);
    add("facility", syslog_facility(priority >> 3));
    add("severity", syslog_severity(priority & 7));
  }

  void add(const char* name, std::string_view value) {
    if (!value.empty()) attrs_[name] = clean_text(value, kMaxNameBytes);
  }

  /// What follows VERSION; false, and nothing taken, when the header is not as of section 6.
  bool parse_5424(std::string_view text) {
    std::array<std::string_view, 5> fields;  // TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
    for (auto& field : fields) {
      field = take_word(text);
      if (field.empty()) return false;
      if (field == "-") field = {};
    }
    if (!fields[0].empty()) {
      const auto time = parse_rfc3339(fields[0]);
      if (!time) return false;
      record_.timestamp = *time;
    }
    add("hostname", fields[1]);
    app_name_ = fields[2];
    add("appname", fields[2]);
    add("procid", fields[3]);
    add("msgid", fields[4]);
    if (!parse_structured_data(text)) attrs_["structured_data"] = Json{{"refused", "malformed"}};
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    record_.message = text;
    return true;
  }

  /// Takes STRUCTURED-DATA and the space after it; when it is malformed, nothing.
  bool parse_structured_data(std::string_view& text) {
    std::string_view rest = text;
    Json elements = Json::object();
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
    } else {
      do {
        if (!parse_element(rest, elements)) return false;
      } while (rest.starts_with('['));
    }
    if (!rest.empty() && rest[0] != ' ') return false;
    text = rest.substr(std::min<std::size_t>(1, rest.size()));
    if (elements.empty()) return true;
    const bool fits = dump_json(elements).size() <= kMaxStructuredDataBytes;
    attrs_["structured_data"] = fits ? std::move(elements) : Json{{"refused", "over 8 KiB"}};
    return true;
  }

  /// `[id name="value" …]`
  static bool parse_element(std::string_view& text, Json& elements) {
    if (!text.starts_with('[')) return false;
    text.remove_prefix(1);
    const auto id = take_name(text);
    if (id.empty() || elements.contains(clean_text(id, kMaxNameBytes))) return false;
    Json& element = elements[clean_text(id, kMaxNameBytes)] = Json::object();
    while (text.starts_with(' ')) {
      text.remove_prefix(1);
      const auto name = take_name(text);
      if (name.empty() || !text.starts_with("=\"")) return false;
      text.remove_prefix(2);
      std::string value;
      if (!take_value(text, value)) return false;
      add_parameter(element, clean_text(name, kMaxNameBytes), clean_text(value, kMaxMessageBytes));
    }
    if (!text.starts_with(']')) return false;
    text.remove_prefix(1);
    return true;
  }

  static std::string_view take_name(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of(" =]\""), text.size());
    const auto name = text.substr(0, end);
    text.remove_prefix(end);
    return name;
  }

  /// Up to the closing quote. A backslash before anything but `"`, `\` and `]` is itself (section 6.3.3).
  static bool take_value(std::string_view& text, std::string& value) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      if (c == '"') {
        text.remove_prefix(i + 1);
        return true;
      }
      const char next = i + 1 < text.size() ? text[i + 1] : '\0';
      if (c == '\\' && (next == '"' || next == '\\' || next == ']')) {
        c = next;
        ++i;
      }
      value += c;
    }
    return false;
  }

  static void add_parameter(Json& element, const std::string& name, std::string value) {
    Json& held = element[name];
    if (held.is_null())
      held = std::move(value);
    else if (held.is_string())
      held = Json::array({std::move(held), std::move(value)});
    else
      held.push_back(std::move(value));
  }

  void parse_3164(std::string_view text) {
    const auto time = take_time(text);
    if (!time) {
      record_.message = text;
      return;
    }
    record_.timestamp = *time;
    std::string_view rest = text;
    const auto word = take_word(rest);
    const bool names_host = !looks_like_tag(word) && !rest.empty();
    if (names_host) {
      add("hostname", word);
      text = rest;
    }
    take_tag(text);
    record_.message = text;
  }

  /// `Oct 11 22:14:15 `, or a time of RFC 3339.
  std::optional<WallTime> take_time(std::string_view& text) const {
    constexpr std::size_t kBytes = 15;
    if (text.size() > kBytes && text[kBytes] == ' ') {
      if (const auto civil = civil_time(text.substr(0, kBytes))) {
        text.remove_prefix(kBytes + 1);
        return nearest(*civil);
      }
    }
    std::string_view rest = text;
    const auto time = parse_rfc3339(take_word(rest));
    if (!time) return {};
    text = rest;
    return *time;
  }

  static std::optional<CivilTime> civil_time(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t month = kMonths.find(text.substr(0, 3));
    if (month == std::string_view::npos || month % 3 != 0 || text[3] != ' ' || text[6] != ' ' || text[9] != ':' ||
        text[12] != ':') {
      return {};
    }
    CivilTime out{0,
                  static_cast<int>(month / 3) + 1,
                  two_digits(text.substr(4)),
                  two_digits(text.substr(7)),
                  two_digits(text.substr(10)),
                  two_digits(text.substr(13))};
    const bool fits = out.day >= 1 && out.day <= 31 && out.hour >= 0 && out.hour < 24 && out.minute >= 0 &&
                      out.minute < 60 && out.second >= 0 && out.second <= 60;
    if (!fits) return {};
    return out;
  }

  WallTime nearest(CivilTime civil) const {
    const auto today = std::chrono::floor<std::chrono::days>(arrival_.now);
    const int year = static_cast<int>(std::chrono::year_month_day(today).year());
    std::optional<WallTime> best;
    for (civil.year = year - 1; civil.year <= year + 1; ++civil.year) {
      const auto time = arrival_.to_wall(civil);
      if (!best || std::chrono::abs(time - arrival_.now) < std::chrono::abs(*best - arrival_.now)) best = time;
    }
    return *best;
  }

  static bool looks_like_tag(std::string_view word) { return word.ends_with(':') || word.find('[') < word.size(); }

  /// `name:` or `name[id]:` and one space; nothing when there is none.
  void take_tag(std::string_view& text) {
    const std::size_t end = text.find_first_of(" :[");
    if (end == std::string_view::npos || end == 0 || end > kMaxTagBytes || text[end] == ' ') return;
    std::string_view rest = text.substr(end), id;
    if (rest[0] == '[') {
      const std::size_t close = rest.find(']');
      if (close == std::string_view::npos || close > kMaxTagBytes) return;
      id = rest.substr(1, close - 1);
      rest.remove_prefix(close + 1);
    }
    if (!rest.starts_with(':')) return;
    app_name_ = text.substr(0, end);
    add("appname", app_name_);
    add("procid", id);
    rest.remove_prefix(rest.starts_with(": ") ? 2 : 1);
    text = rest;
  }

  const SyslogArrival& arrival_;
  LogRecord record_;
  Json attrs_ = Json::object();
  std::string_view app_name_;
};

}  // namespace

LogRecord parse_syslog(std::string_view message, const SyslogArrival& arrival) {
  // Line ends and NULs at the end are framing of some senders.
  const std::size_t end = message.find_last_not_of(std::string_view("\r\n\0", 3));
  return SyslogParser(arrival).parse(message.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

std::string_view syslog_facility(unsigned number) noexcept {
  constexpr std::array<std::string_view, 24> kNames{"kern",   "user",     "mail",    "daemon", "auth",     "syslog",
                                                    "lpr",    "news",     "uucp",    "cron",   "authpriv", "ftp",
                                                    "ntp",    "security", "console", "clock",  "local0",   "local1",
                                                    "local2", "local3",   "local4",  "local5", "local6",   "local7"};
  return kNames[number];
}

std::string_view syslog_severity(unsigned number) noexcept {
  constexpr std::array<std::string_view, 8> kNames{"emerg",   "alert",  "crit", "err",
                                                   "warning", "notice", "info", "debug"};
  return kNames[number];
}

LogLevel level_of_syslog(unsigned severity) noexcept {
  // The OpenTelemetry logs data model, appendix B: emerg 21, alert 19, crit 18, err 17, warning 13, notice 10, info 9.
  constexpr std::array<int, 8> kSeverities{21, 19, 18, 17, 13, 10, 9, 5};
  return level_of_severity(kSeverities[severity]);
}

}  // namespace p2p::logs
