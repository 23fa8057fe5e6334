#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "base/utf8.hpp"

namespace p2p {
namespace {

/// Shorter beginnings are too easily another word's.
constexpr std::size_t kMinBeginning = 3;

/// The candidate that begins with `word`, if there is exactly one.
std::optional<std::string> only_beginning(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() < kMinBeginning) return std::nullopt;
  const auto begins = [&](std::string_view candidate) { return candidate.starts_with(word); };
  if (std::ranges::count_if(candidates, begins) != 1) return std::nullopt;
  return std::string(*std::ranges::find_if(candidates, begins));
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // Most of what there is is plain, and goes over in one piece.
    const auto* const stop = std::ranges::find_if(text, [](char c) { return c < 0x20 || c >= 0x7F; });
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out.append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = utf8_length(text);
    const unsigned char first = static_cast<unsigned char>(text[0]);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (first == '\n')
      out += "\\n";
    else if (first == '\t')
      out += "\\t";
    else if (first == '\r')
      out += "\\r";
    else if (length == 0 || unsafe_character(sequence) > 0) {
      for (const char c : sequence) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else
      out += sequence;
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> out;
  for (const auto candidate : candidates) {
    // As many characters would have to be put in or left out.
    if (std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size()) >= best) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      out = std::string(candidate);
    }
  }
  return out ? out : only_beginning(word, candidates);
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto near = nearest(word, candidates);
  return near ? fmt::format("; did you mean \"{}\"?", *near) : std::string();
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

/// Milliseconds of a unit of time; 0 for what is none.
std::int64_t scale_of(std::string_view unit) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
  const auto* found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::int64_t>::first);
  return found == std::end(kUnits) ? 0 : found->second;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMaxDays = 36'500;  // a century
  constexpr std::int64_t kMaxMilliseconds = kMaxDays * 86'400'000;
  const Error wrong(Errc::invalid,
                    fmt::format("\"{}\" is not a duration such as 500ms, 30s, 1h30m or 7d", text.substr(0, 32)));
  std::int64_t sum = 0, scale_before = std::numeric_limits<std::int64_t>::max();
  bool beyond = false;
  std::string_view rest = text;
  do {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    const bool is_huge = error == std::errc::result_out_of_range && rest.front() != '-';
    if ((error != std::errc{} && !is_huge) || value < 0 || rest.front() == '-') return wrong;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789"));
    const std::int64_t scale = scale_of(unit);
    if (scale == 0 || scale >= scale_before) return wrong;  // each once, from the longest to the shortest
    scale_before = scale;
    beyond = beyond || is_huge || value > (kMaxMilliseconds - sum) / scale;
    if (!beyond) sum += value * scale;
    rest.remove_prefix(unit.size());
  } while (!rest.empty());
  if (beyond) return Error(Errc::invalid, fmt::format("\"{}\" is too long: at most {}d", text.substr(0, 32), kMaxDays));
  return std::chrono::milliseconds{sum};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const std::int64_t seconds = duration.count() / 1000;
  if (duration.count() < 1000) return fmt::format("{}ms", duration.count());
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600);
}

std::string format_bytes(std::uint64_t count) {
  constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(count);
  std::size_t unit = 0;
  // 1023.96 KiB is 1 MiB already: it would round to 1024.0.
  while (value >= 1023.95 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  std::string number = fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}", number, units[unit]);
}

bool is_valid_name(std::string_view text) {
  const auto alnum = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 0x80;
  };
  if (text.empty() || text.size() > 63 || !alnum(text.front()) || !alnum(text.back())) return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace p2p
