#include "base/line_level.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"

namespace p2p {
namespace {

std::optional<LogLevel> level_named(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 17> kNames{{
      {"trace", LogLevel::debug},
      {"debug", LogLevel::debug},
      {"info", LogLevel::info},
      {"notice", LogLevel::info},
      {"warn", LogLevel::warning},
      {"warning", LogLevel::warning},
      {"err", LogLevel::error},
      {"error", LogLevel::error},
      {"severe", LogLevel::error},
      {"crit", LogLevel::error},
      {"alert", LogLevel::error},
      {"critical", LogLevel::critical},
      {"fatal", LogLevel::critical},
      {"emerg", LogLevel::critical},
      {"emergency", LogLevel::critical},
      {"panic", LogLevel::critical},
      {"information", LogLevel::info},
  }};
  if (word.size() > 11) return {};
  const std::string name = lower_ascii(word);
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& one) { return one.first == name; });
  if (found == kNames.end()) return {};
  return found->second;
}

std::optional<LogLevel> level_in_json(std::string_view line) {
  if (!line.starts_with('{')) return {};
  const auto object = parse_json(line);
  if (!object) return {};
  for (const char* key : {"level", "severity", "lvl", "loglevel"}) {
    if (const auto* text = find_string(*object, key)) return level_named(*text);
  }
  return {};
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// What a word must not touch, so that `terror` and `error_count` name no level.
bool is_of_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/'; }

bool follows_key(std::string_view before) {
  if (before.ends_with('"')) before.remove_suffix(1);
  for (const std::string_view key : {"level=", "lvl=", "severity="}) {
    if (before.size() >= key.size() && lower_ascii(before.substr(before.size() - key.size())) == key) return true;
  }
  return false;
}

/// sd-daemon(3): what systemd takes off a line.
std::optional<LogLevel> level_of_priority(std::string_view line) {
  if (line.size() < 3 || line[0] != '<' || line[1] < '0' || line[1] > '7' || line[2] != '>') return {};
  constexpr LogLevel kLevels[] = {LogLevel::critical, LogLevel::error, LogLevel::error, LogLevel::error,
                                  LogLevel::warning,  LogLevel::info,  LogLevel::info,  LogLevel::debug};
  return kLevels[line[1] - '0'];
}

/// glog and klog: I, W, E or F, the month, the day.
std::optional<LogLevel> level_of_letter(std::string_view line) {
  if (line.size() < 6 || line[5] != ' ' || !std::all_of(line.begin() + 1, line.begin() + 5, is_digit)) return {};
  switch (line[0]) {
    case 'I': return LogLevel::info;
    case 'W': return LogLevel::warning;
    case 'E': return LogLevel::error;
    case 'F': return LogLevel::critical;
    default: return {};
  }
}

/// `ValueError`, `java.io.IOException`.
bool is_exception(std::string_view name) {
  if (!name.ends_with("Error") && !name.ends_with("Exception")) return false;
  return is_capital(name[name.rfind('.') + 1]);  // what it ends with has no dot
}

/// `level:`, behind at most two other words with a colon.
std::optional<LogLevel> level_with_colon(std::string_view line) {
  constexpr int kMostWords = 3;
  for (int i = 0; i < kMostWords; ++i) {
    const auto end = line.find(' ');
    const auto word = line.substr(0, end);
    if (!word.ends_with(':')) return {};
    const auto name = word.substr(0, word.size() - 1);
    if (const auto level = level_named(name)) return level;
    if (i == 0 && is_exception(name)) return LogLevel::error;
    if (end == std::string_view::npos) return {};
    line.remove_prefix(end + 1);
  }
  return {};
}

constexpr std::string_view kTraceback = "Traceback (most recent call last):";

std::optional<LogLevel> level_of_trace(std::string_view line) {
  if (line.starts_with(kTraceback) || line.starts_with("Exception in thread ")) return LogLevel::error;
  const bool is_panic = line.starts_with("thread '") && line.find("' panicked at ") != std::string_view::npos;
  return is_panic ? std::optional(LogLevel::critical) : std::nullopt;
}

std::optional<LogLevel> level_within(std::string_view line) {
  // After so many words it is a sentence that speaks of an ERROR.
  constexpr int kMostWordsBefore = 2;
  int words = 0;
  for (std::size_t begin = 0, end = 0; begin < line.size(); begin = end + 1) {
    end = begin;
    while (end < line.size() && is_letter(line[end])) ++end;
    const auto word = line.substr(begin, end - begin);
    const char before = begin > 0 ? line[begin - 1] : ' ', after = end < line.size() ? line[end] : ' ';
    const bool in_capitals = std::all_of(word.begin(), word.end(), is_capital);
    if (word.size() > 1 && !in_capitals && before == ' ' && !is_of_word(after)) ++words;
    if (word.size() < 3 || is_of_word(before) || is_of_word(after)) continue;
    const bool in_brackets = (before == '[' && after == ']') || (before == '<' && after == '>');
    const bool is_alone = in_capitals && (words <= kMostWordsBefore || after == ':' || after == ']' || after == '|');
    if (!in_brackets && !is_alone && !follows_key(line.substr(0, begin))) continue;
    if (const auto level = level_named(word)) return *level;
  }
  return {};
}

}  // namespace

std::optional<LogLevel> level_of_line(std::string_view line) {
  if (const auto level = level_in_json(line)) return level;
  line = line.substr(0, kLevelPrefixBytes);
  for (const auto& in_front : {level_of_priority, level_of_letter, level_with_colon, level_of_trace}) {
    if (const auto level = in_front(line)) return level;
  }
  return level_within(line);
}

LogLevel LineLevels::next(std::string_view line) {
  if (line.empty()) return LogLevel::info;
  const auto named = level_of_line(line);
  // The source text that a trace shows names what it likes.
  if (line.front() == ' ' || line.front() == '\t') return in_traceback_ ? last_ : named.value_or(last_);
  const bool was_in_traceback = std::exchange(in_traceback_, line.starts_with(kTraceback));
  const bool goes_on = was_in_traceback || line.starts_with("Caused by: ");
  last_ = std::max(named.value_or(LogLevel::info), goes_on ? last_ : LogLevel::debug);
  return last_;
}

}  // namespace p2p
