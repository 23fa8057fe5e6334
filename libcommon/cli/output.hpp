// What a tool prints as data: one value or a list, as table, JSON, YAML or names. Pure.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "cli/table.hpp"

namespace p2p::cli {

enum class Format : unsigned char { table, json, yaml, name };
std::optional<Format> parse_format(std::string_view text) noexcept;

/// One column of a list of objects.
struct Column {
  std::string_view heading;
  std::function<Cell(const Json& row)> cell;
  Align align = Align::left;
};

/// The member's text; empty when it is absent or no text.
std::string member_text(const Json& row, std::string_view key);
/// The member as text: strings as they are, other values as JSON, `-` for none.
Cell member_cell(const Json& row, std::string_view key);
/// A column of that member.
Column member_column(std::string_view heading, std::string key, Align align = Align::left);
/// The same, coloured by style_of_state().
Column state_column(std::string_view heading, std::string key);
/// `alive` and `running` are good, `suspected` and the like a warning, `dead` and `failed` bad, `left` and `stopped`
/// dim.
Style style_of_state(std::string_view state) noexcept;

/// Writes to one stream, which must outlive it.
class Output {
 public:
  Output(std::ostream& stream, Format format, Surface surface) : stream_(&stream), format_(format), surface_(surface) {}

  Format format() const noexcept { return format_; }
  const Surface& surface() const noexcept { return surface_; }
  std::ostream& stream() noexcept { return *stream_; }

  /// A list of objects from its JSON text. A table has the given columns; `name` prints the member `name_key` of each.
  void list(std::string_view json_array, std::span<const Column> columns, std::string_view name_key);

  /// Any JSON text (which must be JSON). As a table: value_view(). `name`: a text itself, else JSON on one line.
  void value(std::string_view json);

 private:
  bool structured(std::string_view json);

  std::ostream* stream_;
  Format format_;
  Surface surface_;
};

}  // namespace p2p::cli
