#include "logs/record_json.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/json.hpp"
#include "base/rfc3339.hpp"

namespace p2p::logs {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

Result<WallTime> find_time(const Json& object, std::string_view name) {
  const std::string* text = find_string(object, name);
  if (text == nullptr) return Error(Errc::invalid, fmt::format("log record without \"{}\"", name));
  return parse_rfc3339(*text);
}

std::string text_or_empty(const Json& object, std::string_view name) {
  const std::string* text = find_string(object, name);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || c1) {
      const unsigned code = c1 ? static_cast<unsigned char>(text[++i]) : c;
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

void append_record_json(std::string& out, const LogRecord& record, std::string_view cursor) {
  const auto sink = std::back_inserter(out);
  fmt::format_to(sink, "{{\"timestamp\":\"{}\",\"node_id\":", format_rfc3339(record.timestamp));
  append_json_string(out, record.node_id);
  fmt::format_to(sink, ",\"epoch\":{},\"seq\":{},\"level\":\"{}\",\"logger_name\":", record.epoch, record.seq,
                 to_string(record.level));
  append_json_string(out, record.logger_name);
  out += ",\"message\":";
  append_json_string(out, record.message);
  if (!record.attrs.empty()) fmt::format_to(sink, ",\"attrs\":{}", record.attrs);
  append_member(out, "module", record.module);
  append_member(out, "function", record.function);
  if (record.line != 0) fmt::format_to(sink, ",\"line\":{}", record.line);
  append_member(out, "trace_id", record.trace_id);
  if (record.received_at != WallTime{})
    fmt::format_to(sink, ",\"received_at\":\"{}\"", format_rfc3339(record.received_at));
  append_member(out, "cursor", cursor);
  out += '}';
}

Result<ParsedRecord> parse_record_json(std::string_view line) {
  const auto parsed = parse_json(line);
  if (!parsed) return parsed.error();
  return record_of(*parsed);
}

Result<ParsedRecord> record_of(const Json& object) {
  ParsedRecord out;
  LogRecord& record = out.record;
  const auto timestamp = find_time(object, "timestamp");
  if (!timestamp) return timestamp.error();
  record.timestamp = *timestamp;
  for (const auto& [name, target] : {std::pair{"node_id", &record.node_id}, std::pair{"message", &record.message},
                                     std::pair{"logger_name", &record.logger_name}}) {
    const std::string* text = find_string(object, name);
    if (text == nullptr) return Error(Errc::invalid, fmt::format("log record without \"{}\"", name));
    *target = *text;
  }
  for (const auto& [name, target] : {std::pair{"epoch", &record.epoch}, std::pair{"seq", &record.seq}}) {
    const auto number = find_unsigned(object, name);
    if (!number) return Error(Errc::invalid, fmt::format("log record without \"{}\"", name));
    *target = *number;
  }
  const auto level = parse_log_level(text_or_empty(object, "level"));
  if (!level) return Error(Errc::invalid, "log record without a known \"level\"");
  record.level = *level;
  if (const Json* attrs = find_member(object, "attrs"); attrs != nullptr) record.attrs = dump_json(*attrs);
  record.module = text_or_empty(object, "module");
  record.function = text_or_empty(object, "function");
  record.line = static_cast<std::uint32_t>(find_unsigned(object, "line").value_or(0));
  record.trace_id = text_or_empty(object, "trace_id");
  if (find_member(object, "received_at") != nullptr) {
    const auto received = find_time(object, "received_at");
    if (!received) return received.error();
    record.received_at = *received;
  }
  out.cursor = text_or_empty(object, "cursor");
  return out;
}

}  // namespace p2p::logs
