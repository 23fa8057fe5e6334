// What the log store is measured against, in the same run and on the same disk: SQLite alone, and rsyslog.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace p2p::bench {

/// Records a second that SQLite alone inserts with the schema of the store, in synced transactions of `batch`.
double sqlite_alone(const std::filesystem::path& folder, std::size_t records, std::size_t batch);
/// Records a second that rsyslog takes by plain TCP into a file that it syncs; none when it is not installed.
std::optional<double> rsyslog_alone(const std::filesystem::path& folder, std::size_t records);

}  // namespace p2p::bench
