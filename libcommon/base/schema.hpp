// Versions of a database's schema: the steps from one to the next, and a copy aside before one is taken.
#pragma once

#include <filesystem>
#include <span>

#include "base/sqlite.hpp"

namespace p2p {

/// Brings the database at `path` to version `steps.size()`; `steps[n]` is the SQL from version n to n + 1, and the
/// version is SQLite's `user_version`. Before a database that is in use is changed, it is copied to `PATH.vN` with its
/// mode. `unsupported` when it is of a later version. Several processes may do it at once.
Result<void> migrate(Database& database, const std::filesystem::path& path, std::span<const char* const> steps);

}  // namespace p2p
