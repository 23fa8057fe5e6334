// Names of entries: `certs/node_key.pem`. Pure.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace p2p::vault {

/// `invalid` says what is wrong: a name is relative, UTF-8, with `/` between parts none of which is empty, `.` or `..`,
/// without control characters, backslashes and NUL, and has at most kMaxNameBytes.
Result<void> check_entry_name(std::string_view name);

/// What to say of an entry that is called as the folder of another: `a` beside `a/b`.
Error name_clash(std::string_view name, std::string_view folder);

/// The name for a message: quoted, and shortened where it is long.
std::string quoted_name(std::string_view name);

}  // namespace p2p::vault
