// What a subcommand takes on the command line, declared once: parsing, help, manual and completions follow it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace p2p::cli {

/// Where a parsed value goes; what it points to must outlive the parse, and its value before is the default.
using Destination = std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*,
                                 std::chrono::milliseconds*, std::uint64_t*>;

struct Option {
  std::string names;        ///< `-o,--output`; of an argument its placeholder, `NAME`
  std::string placeholder;  ///< `FORMAT`; empty for flags and arguments
  std::string description;  ///< one clause, lower case, without a full stop
  Destination destination;
  std::vector<std::string> choices{};
  std::uint64_t min = 0;  ///< of numbers; of durations in milliseconds
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  std::size_t min_count = 0;  ///< of arguments: 0 makes it optional
  bool repeats = false;

  bool is_argument() const { return !names.starts_with('-'); }
  bool is_flag() const { return std::holds_alternative<bool*>(destination); }
  /// `--output`: the longest of the names.
  std::string_view long_name() const;
};

/// Collects declarations. Names are as in `--node` or `-f,--force`.
class Options {
 public:
  Options& flag(std::string names, bool& to, std::string description);
  Options& text(std::string names, std::string placeholder, std::string& to, std::string description);
  Options& text(std::string names, std::string placeholder, std::optional<std::string>& to, std::string description);
  /// May be given several times.
  Options& texts(std::string names, std::string placeholder, std::vector<std::string>& to, std::string description);
  Options& choice(std::string names, std::string placeholder, std::string& to, std::vector<std::string> choices,
                  std::string description);
  /// As parse_duration reads it: `500ms`, `30s`, `15m`. Less than `min` is refused.
  Options& duration(std::string names, std::string placeholder, std::chrono::milliseconds& to, std::string description,
                    std::chrono::milliseconds min = std::chrono::milliseconds{1});
  Options& number(std::string names, std::string placeholder, std::uint64_t& to, std::uint64_t min, std::uint64_t max,
                  std::string description);

  Options& argument(std::string name, std::string& to, std::string description);
  Options& optional_argument(std::string name, std::string& to, std::string description);
  Options& choice_argument(std::string name, std::string& to, std::vector<std::string> choices,
                           std::string description);
  Options& arguments(std::string name, std::vector<std::string>& to, std::size_t min_count, std::string description);

  std::span<const Option> all() const noexcept { return options_; }

 private:
  Option& add(std::string names, std::string placeholder, std::string description, Destination to);
  std::vector<Option> options_;
};

/// Puts the texts that were given (at least one) where the option wants them. `invalid` says what was expected.
Result<void> assign(const Option& option, const std::vector<std::string>& given);

}  // namespace p2p::cli
