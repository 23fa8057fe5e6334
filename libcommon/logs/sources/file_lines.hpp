// From the bytes of a followed file to what becomes a record: lines, and lines that belong together. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "logs/record.hpp"

namespace re2 {
class RE2;
}

namespace p2p::logs {

struct FileLine {
  std::string text{};     ///< without line end, and without NULs before it; at most kMaxMessageBytes
  std::size_t bytes = 0;  ///< how long it was; more than `text` holds when it was cut
  std::uint64_t end = 0;  ///< the offset in the file behind it
};

/// Cuts at newlines. A writer without O_APPEND leaves a hole of NULs when its file is truncated; these are skipped.
class LineCutter {
 public:
  /// Begins at this offset of the file.
  explicit LineCutter(std::uint64_t offset) : offset_(offset) {}

  /// The lines that `bytes` completes, empty ones too.
  std::vector<FileLine> feed(std::string_view bytes);
  /// What has no newline yet, as a line.
  std::optional<FileLine> finish();
  bool has_partial() const { return line_.bytes > 0; }
  /// Up to where it was fed.
  std::uint64_t offset() const { return offset_; }

 private:
  void keep(std::string_view bytes);
  FileLine take();

  FileLine line_;
  std::uint64_t offset_;
};

/// What begins an event of several lines, for files of some paths: `GLOB EXPRESSION`, as in
/// `/srv/shop/*.log ^\d{4}-\d\d-\d\d`.
struct MultilineRule {
  std::string glob;
  std::shared_ptr<const re2::RE2> start;
};
/// `invalid` says what is wrong with the rule or its expression.
Result<MultilineRule> parse_multiline_rule(std::string_view text);

/// Joins lines by newlines: an event is a line that the expression is found in, and those up to the next such line.
/// Without an expression every line is an event. One that grows over kMaxMessageBytes ends there, and what follows
/// is the next one, so that an expression that never fits loses nothing. Empty events are left out.
class LineJoiner {
 public:
  explicit LineJoiner(std::shared_ptr<const re2::RE2> start) : start_(std::move(start)) {}

  /// The event that this line shows to be over; without an expression the line itself.
  std::optional<FileLine> add(FileLine line);
  /// The event so far.
  std::optional<FileLine> finish();
  bool has_pending() const { return pending_.has_value(); }

 private:
  std::shared_ptr<const re2::RE2> start_;
  std::optional<FileLine> pending_;
};

}  // namespace p2p::logs
