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
/// What a word must not touch, so that `terror` and `error_count` name no level.
bool is_of_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
}

bool follows_key(std::string_view before) {
  if (before.ends_with('"')) before.remove_suffix(1);
  for (const std::string_view key : {"level=", "lvl=", "severity="}) {
    if (before.size() >= key.size() && lower_ascii(before.substr(before.size() - key.size())) == key) return true;
  }
  return false;
}

}  // namespace

LogLevel level_of_line(std::string_view line) {
  if (const auto level = level_in_json(line)) return *level;
  line = line.substr(0, kLevelPrefixBytes);
  for (std::size_t begin = 0, end = 0; begin < line.size(); begin = end + 1) {
    end = begin;
    while (end < line.size() && is_letter(line[end])) ++end;
    const auto word = line.substr(begin, end - begin);
    const char before = begin > 0 ? line[begin - 1] : ' ', after = end < line.size() ? line[end] : ' ';
    if (word.size() < 3 || is_of_word(before) || is_of_word(after)) continue;
    const bool in_brackets = (before == '[' && after == ']') || (before == '<' && after == '>');
    const bool in_capitals = std::all_of(word.begin(), word.end(), is_capital);
    if (!in_brackets && !in_capitals && !follows_key(line.substr(0, begin))) continue;
    if (const auto level = level_named(word)) return *level;
  }
  return LogLevel::info;
}

}  // namespace p2p
