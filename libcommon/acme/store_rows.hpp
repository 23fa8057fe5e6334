// Between values and columns of the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/sqlite.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

inline std::int64_t nanoseconds_of(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime to_time(std::int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

/// NULL for empty text, which must live until the statement is reset.
inline void bind_optional(Statement& statement, int index, std::string_view text) {
  if (text.empty())
    statement.bind_null(index);
  else
    statement.bind(index, text);
}

/// The JSON of a column, null where it is NULL; `damaged` when it does not parse.
Result<Json> json_of(const Statement& statement, int column);
/// What dump_json gives, empty for null: for bind_optional.
inline std::string text_of(const Json& value) { return value.is_null() ? std::string() : dump_json(value); }

/// A list of names as one column.
std::string names_text(const std::vector<pki::SubjectName>& names);
Result<std::vector<pki::SubjectName>> names_of(const Statement& statement, int column);

/// Runs a statement that changes rows.
Result<bool> changes_a_row(Database& database, Statement& statement);

}  // namespace p2p::acme
