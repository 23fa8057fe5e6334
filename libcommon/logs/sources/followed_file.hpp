// One open file of a FileFollower: reads what is appended, and submits it with the position behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/line_level.hpp"
#include "logs/sources/file_lines.hpp"
#include "logs/sources/file_position.hpp"
#include "logs/sources/source_sink.hpp"

namespace p2p::logs {

/// A last line without its newline is taken as it is when nothing was added for so long.
inline constexpr std::chrono::seconds kPartialPatience{10};
/// So long after the last addition no further line of an event is waited for.
inline constexpr std::chrono::seconds kEventPatience{1};
/// Of one file before the others have their turn.
inline constexpr std::size_t kBytesPerTurn = 1 << 20;

/// A regular file, opened for reading.
struct LogFile {
  std::string path;  ///< by which it was found
  Descriptor descriptor;
  std::string key;  ///< file_key()
  std::uint64_t size = 0;
  std::string head;  ///< its first kHeadBytes, as far as they are there
};
/// `invalid` for what is no regular file. Does not wait, whatever it is.
Result<LogFile> open_log_file(const std::string& path);

/// Of the follower's thread.
class FollowedFile {
 public:
  FollowedFile(LogFile file, std::uint64_t offset, std::shared_ptr<const re2::RE2> start, Monotonic now);

  /// What a look at the file found.
  enum class State : unsigned char { same, grown, truncated };
  /// Looks at size and beginning. What is read next ends at the size that was seen.
  State look(Monotonic now);
  /// Reads and submits; false when all that look() saw was read.
  bool read(SourceSink& sink);
  /// Submits what has waited long enough for its end.
  void submit_stale(SourceSink& sink, Monotonic now);
  /// When submit_stale() may have something to do.
  std::optional<Monotonic> stale_at() const;
  /// After State::truncated: submits what was begun (unless it is read from a copy), begins again at the start, and
  /// looks at what is there now.
  void begin_again(SourceSink& sink, bool drop_begun, Monotonic now);

  const std::string& path() const { return file_.path; }
  const std::string& key() const { return file_.key; }
  /// What the file begins with, as it was when it was last found the same.
  const std::string& head() const { return file_.head; }
  /// The same before it was truncated last; empty when it was not.
  const std::string& previous_head() const { return previous_head_; }
  /// Behind what was submitted last.
  FilePosition position() const { return position_at(submitted_, file_.head); }
  Monotonic last_growth() const { return last_growth_; }
  /// Not everything is read that it held when it was opened.
  bool is_behind() const { return cutter_.offset() < backlog_end_; }
  /// The log that it is a file of: its own path, or that which a rotated file once had.
  std::string log_path;
  /// Under this file's own name now stands another, or none.
  std::optional<Monotonic> replaced_since{};

 private:
  void take(FileLine line, SourceSink& sink);
  void submit(FileLine event, SourceSink& sink);

  LogFile file_;
  std::string previous_head_;
  const std::string logger_name_;
  const std::string attrs_;
  std::shared_ptr<const re2::RE2> start_;
  LineCutter cutter_;
  LineJoiner joiner_;
  LineLevels levels_;
  std::uint64_t submitted_;
  std::uint64_t backlog_end_;
  std::uint64_t seen_ = 0;              // size and time of change at the last look
  std::chrono::nanoseconds changed_{};  // since the epoch
  Monotonic last_growth_;
};

}  // namespace p2p::logs
