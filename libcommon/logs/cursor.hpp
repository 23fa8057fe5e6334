// Where a reader stands in a store: `<store id>-<number>`, for example `9f86d081884c7d65-1234`. The store id is 16
// hexadecimal digits, drawn when the store is made; numbers rise by one a stored record, in the order of commits. A
// cursor means "everything up to and including this number has been seen". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::logs {

struct Cursor {
  std::string store_id;
  std::uint64_t number = 0;

  std::string to_text() const;
  bool operator==(const Cursor&) const = default;
};

/// `invalid` for any other form.
Result<Cursor> parse_cursor(std::string_view text);

}  // namespace p2p::logs
