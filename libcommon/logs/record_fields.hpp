// A record's fields by the names that they have in JSON, for the formats in which fields are picked or listed. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/record_json.hpp"
#include "logs/text_format.hpp"

namespace p2p::logs {

/// `timestamp`, `node_id`, …, `cursor`, in the order of record_json.hpp.
const std::vector<std::string_view>& record_field_names();

/// `timestamp=… node_id=worker-1 … message="disk \"a\" is full"` without line end: the fields that are set. What is not
/// plain is a JSON string, so that every reader of logfmt and a terminal are safe with it.
std::string format_logfmt(const ParsedRecord& record, const LineLook& look);

/// `{timestamp} {node_id} {message}`: each field in braces stands for its text with control characters escaped. Two
/// braces of a kind stand for one.
class LineTemplate {
 public:
  /// `invalid` names the field that there is not.
  static Result<LineTemplate> parse(std::string_view text);
  /// Without line end. With colour, levels and nodes have it.
  std::string format(const ParsedRecord& record, const LineLook& look) const;

 private:
  struct Part {
    std::string literal;     ///< comes first
    std::string_view field;  ///< of record_field_names(), or empty
  };
  std::vector<Part> parts_;
};

}  // namespace p2p::logs
