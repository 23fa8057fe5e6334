#include "logs/record_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "base/rfc3339.hpp"
#include "base/utf8.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::logs {
namespace {

void append_all(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts) out += part;
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_all(out, {",\"", name, "\":"});
  append_json_string(out, text);
}

void append_number(std::string& out, std::string_view before, std::uint64_t number) {
  const fmt::format_int digits(number);
  append_all(out, {before, {digits.data(), digits.size()}});
}

/// Of a whole sequence of UTF-8 of at most three bytes.
unsigned code_point(std::string_view sequence) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return at(0);
  if (sequence.size() == 2) return (at(0) & 0x1FU) << 6U | (at(1) & 0x3FU);
  return (at(0) & 0x0FU) << 12U | (at(1) & 0x3FU) << 6U | (at(2) & 0x3FU);
}

/// The text of a JSON string; `invalid` for any other value.
Result<std::string> read_text(std::string_view raw) {
  if (!raw.starts_with('"')) return Error(Errc::invalid, "must be a text");
  if (raw.find('\\') != std::string_view::npos) return rpc::decode_json_string(raw);
  return std::string(raw.substr(1, raw.size() - 2));
}

template <class Number>
Result<void> read_number(std::string_view raw, Number& out) {
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), out);
  if (error == std::errc{} && end == raw.data() + raw.size()) return {};
  return Error(Errc::invalid, "must be a whole number");
}

template <std::string LogRecord::*Target>
Result<void> take_text(ParsedRecord& out, std::string_view raw) {
  auto text = read_text(raw);
  if (!text) return text.error();
  out.record.*Target = std::move(*text);
  return {};
}

template <WallTime LogRecord::*Target>
Result<void> take_time(ParsedRecord& out, std::string_view raw) {
  const auto text = read_text(raw);
  if (!text) return text.error();
  const auto time = parse_rfc3339(*text);
  if (!time) return time.error();
  out.record.*Target = *time;
  return {};
}

template <auto Target>
Result<void> take_number(ParsedRecord& out, std::string_view raw) {
  return read_number(raw, out.record.*Target);
}

Result<void> take_level(ParsedRecord& out, std::string_view raw) {
  const auto text = read_text(raw);
  const auto level = text ? parse_log_level(*text) : std::nullopt;
  if (!level) return Error(Errc::invalid, "must be a level");
  out.record.level = *level;
  return {};
}

Result<void> take_attrs(ParsedRecord& out, std::string_view raw) {
  out.record.attrs = raw;
  return {};
}

Result<void> take_cursor(ParsedRecord& out, std::string_view raw) {
  auto text = read_text(raw);
  if (!text) return text.error();
  out.cursor = std::move(*text);
  return {};
}

struct Member {
  std::string_view name;
  Result<void> (*take)(ParsedRecord& out, std::string_view raw);
};

/// The first kNeededMembers of these must be there.
constexpr unsigned kNeededMembers = 7;
constexpr Member kMembers[] = {
    {"timestamp", take_time<&LogRecord::timestamp>},
    {"node_id", take_text<&LogRecord::node_id>},
    {"epoch", take_number<&LogRecord::epoch>},
    {"seq", take_number<&LogRecord::seq>},
    {"level", take_level},
    {"logger_name", take_text<&LogRecord::logger_name>},
    {"message", take_text<&LogRecord::message>},
    {"attrs", take_attrs},
    {"module", take_text<&LogRecord::module>},
    {"function", take_text<&LogRecord::function>},
    {"line", take_number<&LogRecord::line>},
    {"trace_id", take_text<&LogRecord::trace_id>},
    {"received_at", take_time<&LogRecord::received_at>},
    {"cursor", take_cursor},
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  const auto is_plain = [&](std::size_t at) {
    const char c = text[at];
    return c != '"' && c != '\\' && unsafe_character(text.substr(at)) == 0;
  };
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_plain(end)) ++end;
    out.append(text, i, end - i);
    i = end;
    if (i == text.size()) break;
    const std::size_t length = unsafe_character(text.substr(i));
    if (length == 0)
      (out += '\\') += text[i];
    else if (text[i] == '\n')
      out += "\\n";
    else if (text[i] == '\t')
      out += "\\t";
    else {
      const unsigned code = code_point(text.substr(i, length));
      out += "\\u";
      for (const int shift : {12, 8, 4, 0}) out += kHexDigits[code >> shift & 0xFU];
    }
    i += std::max<std::size_t>(length, 1);
  }
  out += '"';
}

void append_record_json(std::string& out, const LogRecord& record, std::string_view cursor) {
  append_all(out, {R"({"timestamp":")", format_rfc3339(record.timestamp), R"(","node_id":)"});
  append_json_string(out, record.node_id);
  append_number(out, R"(,"epoch":)", record.epoch);
  append_number(out, R"(,"seq":)", record.seq);
  append_all(out, {R"(,"level":")", to_string(record.level), R"(","logger_name":)"});
  append_json_string(out, record.logger_name);
  out += R"(,"message":)";
  append_json_string(out, record.message);
  if (!record.attrs.empty()) append_all(out, {R"(,"attrs":)", record.attrs});
  append_member(out, "module", record.module);
  append_member(out, "function", record.function);
  if (record.line != 0) append_number(out, R"(,"line":)", record.line);
  append_member(out, "trace_id", record.trace_id);
  if (record.received_at != WallTime{})
    append_all(out, {R"(,"received_at":")", format_rfc3339(record.received_at), "\""});
  append_member(out, "cursor", cursor);
  out += '}';
}

Result<ParsedRecord> parse_record_json(std::string_view line) {
  rpc::JsonScanner scanner(line);
  scanner.skip_space();
  auto record = read_record(scanner);
  scanner.skip_space();
  if (record && !scanner.at_end()) return Error(Errc::invalid, "log record: " + scanner.problem());
  return record;
}

Result<ParsedRecord> read_record(rpc::JsonScanner& scanner) {
  ParsedRecord out;
  unsigned found = 0;
  std::optional<Error> wrong;
  const bool is_object = scanner.sliced_members([&](std::string_view name, std::string_view raw) {
    const auto* member = std::ranges::find(kMembers, name, &Member::name);
    if (member == std::end(kMembers)) return true;
    if (const auto taken = member->take(out, raw); !taken) {
      wrong = Error(Errc::invalid, fmt::format("log record: \"{}\": {}", name, taken.error().context));
      return false;
    }
    found |= 1U << static_cast<unsigned>(member - kMembers);
    return true;
  });
  if (wrong) return *wrong;
  if (!is_object) return Error(Errc::invalid, "log record: " + scanner.problem());
  for (unsigned i = 0; i < kNeededMembers; ++i) {
    if ((found >> i & 1U) == 0) return Error(Errc::invalid, fmt::format("log record without \"{}\"", kMembers[i].name));
  }
  return out;
}

}  // namespace p2p::logs
