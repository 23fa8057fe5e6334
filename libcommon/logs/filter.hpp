// Which records somebody wants to see. The same filter serves the store, the live stream and the tools. Pure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "logs/record.hpp"

namespace re2 {
class RE2;
}

namespace p2p::logs {

inline constexpr std::size_t kMaxFilterGlobs = 256;
inline constexpr std::size_t kMaxGlobBytes = 256;
/// Text and regular expression.
inline constexpr std::size_t kMaxPatternBytes = 1024;
/// Whatever the message is, a text up to this is found at once.
inline constexpr std::size_t kShortTextBytes = 64;
/// What an expression comes to once repetitions are written out, in instructions of RE2: a message takes at most the
/// time of its length by these.
inline constexpr std::size_t kMaxExpressionInstructions = 4096;

/// What a filter is made of. Everything given must hold; an empty list, text or absent time accepts all.
struct FilterSpec {
  std::vector<std::string> nodes;    ///< globs of node_id, any of them
  std::vector<std::string> loggers;  ///< globs of logger_name, any of them
  LogLevel minimum_level = LogLevel::debug;
  std::optional<WallTime> since;  ///< received_at at or after
  std::optional<WallTime> until;  ///< received_at before
  std::string text;               ///< part of the message, without case
  std::string regex;              ///< RE2 expression found in the message
};

/// Gives a parameter by name, or nullopt: a query string's, or a member of a JSON object as text.
using ParameterLookup = std::function<std::optional<std::string>(std::string_view)>;

/// Reads `node_id`, `level`, `logger_name`, `since`, `until`, `text`, `regex`. Lists are comma-separated; times are
/// what parse_time takes, relative to `now`, days in UTC. `invalid` names the parameter.
Result<FilterSpec> parse_filter(const ParameterLookup& parameter, WallTime now);

/// A lookup in a JSON object: texts as they are, numbers and booleans as JSON, arrays of texts joined by commas, null
/// as absent. The object must outlive the lookup.
ParameterLookup json_parameters(const Json& object);

/// Compiled and immutable; cheap to copy; any thread.
class Filter {
 public:
  /// Accepts everything.
  Filter() = default;
  /// `invalid` for too many or too long patterns, and for an expression that RE2 refuses or that is too large.
  static Result<Filter> make(FilterSpec spec);

  bool matches(const LogRecord& record) const;

  // The parts of matches(), for a store that decides some of them by index.
  bool matches_node(std::string_view node_id) const;
  bool matches_logger(std::string_view logger_name) const;
  bool matches_message(std::string_view message) const;
  bool matches_time(WallTime received_at) const;
  bool looks_at_message() const { return text_ != nullptr || regex_ != nullptr; }
  /// One message may take a second where somebody means it badly: not for a loop that others wait for. RE2 is linear in
  /// the message, but by the size of what is looked for where its automaton does not find room; a short text's does.
  bool is_costly() const { return regex_ != nullptr || spec_.text.size() > kShortTextBytes; }

  const FilterSpec& spec() const { return spec_; }
  /// Of each list, every message that matches has one at least in it, without case: the text, and what the expression
  /// cannot do without. For an index.
  using AnyOf = std::vector<std::string>;
  const std::vector<AnyOf>& needed_texts() const { return needed_texts_; }

 private:
  FilterSpec spec_;
  std::shared_ptr<const re2::RE2> text_;
  std::shared_ptr<const re2::RE2> regex_;
  std::vector<AnyOf> needed_texts_;
};

}  // namespace p2p::logs
