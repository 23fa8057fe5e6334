// A record as JSON: one line, fields always in the same order, dates as RFC 3339 with nanoseconds. What `-o json`,
// `/api/logs` and `/ws/logs` show. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "logs/record.hpp"

namespace p2p::rpc {
class JsonScanner;
}

namespace p2p::logs {

/// Appends `{"timestamp":…,"node_id":…,"epoch":…,"seq":…,"level":…,"logger_name":…,"message":…` and, where they are
/// set, `attrs` (an object), `module`, `function`, `line`, `trace_id`, `received_at`, and last `cursor` when it is not
/// empty. The record is normalised; control characters are escaped, so that the line is safe on a terminal.
void append_record_json(std::string& out, const LogRecord& record, std::string_view cursor = {});

/// Appends a JSON string of valid UTF-8; all unsafe characters (base/utf8.hpp) are escaped.
void append_json_string(std::string& out, std::string_view text);

struct ParsedRecord {
  LogRecord record;
  std::string cursor;  ///< empty when there was none
};
/// The inverse. Unknown members are skipped; `invalid` names the member that is missing or wrong.
Result<ParsedRecord> parse_record_json(std::string_view line);
/// Likewise the object that begins where the scanner stands, which is behind it then.
Result<ParsedRecord> read_record(rpc::JsonScanner& scanner);

}  // namespace p2p::logs
