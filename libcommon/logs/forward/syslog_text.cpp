#include "logs/forward/syslog_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "base/rfc3339.hpp"

namespace p2p::logs {
namespace {

constexpr int kFacilityDaemon = 3;
constexpr std::size_t kMaxHostnameBytes = 255, kMaxAppNameBytes = 48;  // RFC 5424 section 6

/// PRINTUSASCII; NILVALUE when nothing is left.
std::string header_field(std::string_view text, std::size_t max_bytes) {
  std::string out;
  for (const char c : text.substr(0, max_bytes)) out += c > ' ' && c < 0x7F ? c : '_';
  return out.empty() ? "-" : out;
}

std::string parameter(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void append_syslog_message(std::string& out, const LogRecord& record) {
  std::string message;
  fmt::format_to(std::back_inserter(message),
                 "<{}>1 {} {} {} - - [p2p@32473 node_id=\"{}\" logger=\"{}\" epoch=\"{}\" seq=\"{}\"] {}",
                 8 * kFacilityDaemon + syslog_severity_of(record.level), format_rfc3339(record.timestamp, 6),
                 header_field(record.node_id, kMaxHostnameBytes), header_field(record.logger_name, kMaxAppNameBytes),
                 parameter(record.node_id), parameter(record.logger_name), record.epoch, record.seq, record.message);
  fmt::format_to(std::back_inserter(out), "{} {}", message.size(), message);
}

bool is_from_syslog(const LogRecord& record) {
  return record.logger_name == "Syslog" || record.logger_name.starts_with("Syslog.");
}

}  // namespace p2p::logs
