// Small questions about text that several folders ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace p2p {

/// Splits at each `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string lower_ascii(std::string_view text);

/// True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Text that is safe on a terminal and in a log line: control characters, also those that turn the direction or end a
/// line, and invalid UTF-8 become
/// `\n`, `\t`, `\xHH`; everything else stays.
std::string escape_controls(std::string_view text);

/// Optimal string alignment distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate nearest to `word`, if one is near enough to be a slip of the finger (a third of the word's length);
/// else the only one that begins with it, where the word has three characters or more.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);
/// `; did you mean "port"?`, for the end of a message, or empty when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// `*` any run, `?` any one character, everything else itself; the whole text must match. Linear in practice, no
/// recursion.
bool glob_match(std::string_view pattern, std::string_view text);

/// `500ms`, `10s`, `1h30m`, `30d`, `2w`; a bare number is `invalid`, so that nobody guesses its unit.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `42s`, `3m12s`, `5h07m`, `12d04h`: for people, two units at most.
std::string format_duration(std::chrono::milliseconds duration);
/// `512 B`, `1.5 KiB`, `20 MiB`, for people.
std::string format_bytes(std::uint64_t count);

/// A name that is safe in a file name, a DNS label list, a URI and a terminal: node ids, service names. 1 to 63
/// characters of a-z, A-Z, 0-9, `-`, `_`, `.`, beginning and ending with a letter or digit, without "..".
bool is_valid_name(std::string_view text);

}  // namespace p2p
