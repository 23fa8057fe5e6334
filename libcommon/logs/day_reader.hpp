// Reads one day of the log store. One thread at a time; any number of readers beside the writer.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/sqlite.hpp"
#include "logs/day_index.hpp"
#include "logs/filter.hpp"
#include "logs/log_stats.hpp"
#include "logs/stored.hpp"

namespace p2p::logs {

/// Names of nodes and of loggers that a reader keeps in memory.
inline constexpr std::size_t kMaxKeptNames = 1 << 16;

/// What is known of a day when the store opens.
struct DaySummary {
  std::string store_id;
  std::uint64_t first_number = 0;
  std::uint64_t last_number = 0;  ///< ever given in this day; first_number - 1 for none
  WallTime last_received{};       ///< of that record
  struct Node {
    std::string name;
    std::uint64_t record_count = 0;
  };
  std::vector<Node> nodes;
  struct Stream {
    std::string node_id;
    std::uint64_t epoch = 0;
    std::uint64_t acknowledged = 0;
  };
  std::vector<Stream> streams;
};

struct ScanRequest {
  const Filter* filter = nullptr;
  bool forward = true;
  std::uint64_t lowest = 0;         ///< inclusive
  std::uint64_t highest = 0;        ///< inclusive
  std::shared_ptr<DayIndex> index;  ///< null: everything is looked at
  /// Asked every few hundred rows, more often where they take longer; true ends the scan.
  IsGivenUp out_of_time;
};

/// Takes a matching record; false ends the scan.
using RecordVisitor = std::function<bool(StoredRecord&&)>;

struct ScanEnd {
  bool complete = true;        ///< everything in the range has been looked at
  std::uint64_t position = 0;  ///< when not: the last number that has
};

class DayReader {
 public:
  /// `damaged` when the file is no day of a log store or its schema was never finished, `not_found` when it cannot be
  /// opened, `unsupported` when a later version wrote it.
  static Result<std::unique_ptr<DayReader>> open(const std::filesystem::path& path);

  Result<DaySummary> summary();
  /// Matching records in order of number.
  Result<ScanEnd> scan(const ScanRequest& request, const RecordVisitor& visit);
  /// Counts matching records, by number upwards whatever the request says; a record is counted once over all calls.
  Result<ScanEnd> count(const ScanRequest& request, LogStats& into);
  /// Of the oldest record; nothing when there is none.
  Result<std::optional<WallTime>> first_received();
  /// Names of loggers, in the order of their first record, at most `limit`.
  Result<std::vector<std::string>> loggers(std::size_t limit);

  /// The next group for the index: records from number `from` on. Null when, up to `last`, there is none, or (unless
  /// the day is `finished`) too few for a whole one; then, of a finished day, nothing is left to index.
  Result<std::unique_ptr<IndexGroup>> next_group(std::uint64_t from, std::uint64_t last, bool finished);

 private:
  /// Names by row id: the first kMaxKeptNames; the others are looked up in the file.
  struct Names {
    std::string_view table;
    std::vector<std::string> by_id{};
    std::optional<Statement> find{};
  };
  /// The rows whose names fit, and the same by row id.
  Result<std::vector<std::int64_t>> matching(const Names& names, const std::function<bool(std::string_view)>& matches,
                                             std::vector<char>& allowed);
  struct Lane;
  /// Which rows a filter takes, by row id of node and logger; empty for all.
  struct Wanted {
    std::vector<char> nodes;
    std::vector<char> loggers;
    std::vector<std::int64_t> node_rows;
    std::vector<std::int64_t> logger_rows;
    bool nothing = false;  ///< no name fits
  };

  explicit DayReader(Database database) : database_(std::move(database)) {}
  Result<void> load_names(Names& names);
  Result<std::string> name_of(Names& names, std::int64_t id);
  Result<void> load_streams();
  Result<void> narrow_to_time(const Filter& filter, ScanRequest& request);
  Result<std::uint64_t> first_received_from(WallTime time, std::uint64_t lowest, std::uint64_t highest);
  Result<Wanted> wanted_by(const Filter& filter);
  Result<ScanEnd> scan_errors(const ScanRequest& request, const Wanted& wanted, const RecordVisitor& visit);
  Result<ScanEnd> scan_ranges(const ScanRequest& request, const Wanted& wanted, const RecordVisitor& visit);
  /// Of a row that is wanted: row ids of node and logger, level, received_at.
  using RowVisitor = std::function<void(std::size_t, std::size_t, LogLevel, WallTime)>;
  Result<ScanEnd> count_rows(const ScanRequest& request, const Wanted& wanted, const RowVisitor& visit);
  static bool fits_but_for_message(const Wanted& wanted, const Statement& row, const Filter& filter);
  static bool fits(const Wanted& wanted, const Statement& row, const Filter& filter);
  Result<StoredRecord> decode(const Statement& row);

  Database database_;
  Names nodes_{"nodes"}, loggers_{"loggers"};
  std::vector<std::uint64_t> epochs_;  // by row id of the stream
};

}  // namespace p2p::logs
