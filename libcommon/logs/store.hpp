// The coordinator's log store: a folder with one SQLite file a day (day_schema.hpp). Acknowledged means durable:
// append() returns after the commit is on disk. Records are numbered in the order of commits; the number with the
// store's id is the cursor, so that a reader always knows where it stands.
//
// A day begins when the date of the coordinator's clock (UTC) changes. Within a file `received_at` never falls: a clock
// that steps back a little is waited for, one that steps back further begins a new file, `logs-YYYY-MM-DD.2.db`. So
// does a file that has become an eighth of what the store may take, so that room is made by removing whole files.
//
// Beside each file is its search index (day_index.hpp), which a thread of the store keeps up with the records.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "logs/cursor.hpp"
#include "logs/day_checkpointer.hpp"
#include "logs/filter.hpp"
#include "logs/log_stats.hpp"
#include "logs/stored.hpp"

namespace p2p::logs {

class DayReader;
class DayWriter;

inline constexpr std::size_t kMaxPageRecords = 10'000;
inline constexpr std::size_t kMaxPageBytes = 2 << 20;
/// A query gives what it has after this long, and a cursor to go on with; a reader that lingers keeps SQLite from
/// reusing its journal.
inline constexpr std::chrono::milliseconds kScanBudget{2000};
/// Numbers that one step of retention or clearing looks at and may delete.
inline constexpr std::uint64_t kRemovalStep = 8192;
/// Of what the store may take, one file is this part before the next one begins.
inline constexpr std::uint64_t kStoreParts = 8;
inline constexpr std::size_t kMaxListedLoggers = 10'000;

struct StoreOptions {
  std::filesystem::path folder;
  std::chrono::milliseconds retention = std::chrono::days{30};
  std::uint64_t max_entries_per_node = 0;  ///< 0 for no bound
  /// Of all files and their search indexes, without SQLite's journal of the newest (16 MiB, while a reader lingers up
  /// to 64); 0 for no bound.
  std::uint64_t max_bytes = 0;
};

/// The records of one stream, to be stored together.
struct StreamBatch {
  std::string node_id;
  std::uint64_t epoch = 0;
  std::uint64_t acknowledged = 0;  ///< the highest contiguous seq once these are stored
  std::vector<LogRecord> records;  ///< in rising seq; node_id and epoch are overwritten
};

/// What one step removed, and whether there may be more to remove.
struct Removed {
  std::uint64_t count = 0;
  bool more = false;
};

enum class Order : unsigned char {
  forward,   ///< from the cursor (or the oldest) to newer
  backward,  ///< from the cursor (or the newest) to older
  tail,      ///< the newest ones, oldest of them first; takes no cursor
};

struct Query {
  Filter filter;
  Order order = Order::tail;
  std::uint64_t position = 0;  ///< number of the cursor; with `backward`, 0 is "from the newest"
  std::size_t limit = 100;     ///< at most kMaxPageRecords
  IsGivenUp is_given_up{};     ///< ends it with what it has; may be empty
};

struct Page {
  std::vector<StoredRecord> records;
  /// Where to go on in the same direction; after `tail`, where newer records begin.
  std::uint64_t position = 0;
  /// There may be more in that direction (with `tail`: older ones): the limit, kMaxPageBytes or kScanBudget was
  /// reached.
  bool more = false;
};

struct StatsQuery {
  Filter filter;
  std::uint64_t position = 0;                 ///< number of the cursor
  std::size_t max_buckets = kDefaultBuckets;  ///< at most kMaxBuckets
  IsGivenUp is_given_up{};                    ///< ends it with what it has; may be empty
};

struct StatsPage {
  /// From the position on. Times that the filter leaves open are settled, so that a further page counts into the same
  /// buckets: it must be asked for with them.
  LogStats stats;
  std::uint64_t position = 0;  ///< where to go on
  bool more = false;           ///< kScanBudget was reached
};

struct Sources {
  std::vector<std::string> nodes;    ///< sorted
  std::vector<std::string> loggers;  ///< sorted; at most kMaxListedLoggers
  bool more_loggers = false;         ///< that was too few
};

/// Writing members belong to one thread; reading ones may be called from any thread at any time and block on the disk.
class Store {
 public:
  /// Makes the folder and the store when they are not there. A file that is damaged, or turns out to be later, is set
  /// aside as `….damaged`, and said; the other days are none the worse. Clock, random and log must outlive the store.
  static Result<std::unique_ptr<Store>> open(StoreOptions options, const Clock& clock, Random& random, LogSink& log);
  ~Store();

  const std::string& store_id() const { return store_id_; }
  /// The number of the newest record, 0 for none.
  std::uint64_t last_number() const { return last_number_.load(std::memory_order_acquire); }
  Cursor cursor(std::uint64_t number) const { return {store_id_, number}; }

  // Writing.

  /// Stores all of it in one transaction, or nothing. Records up to what was acknowledged are stored already and left
  /// out; the result holds the others, numbered.
  Result<CommittedBatchPtr> append(std::vector<StreamBatch> batches);
  /// What the node has been acknowledged for this epoch; 0 for nothing.
  std::uint64_t acknowledged(const std::string& node_id, std::uint64_t epoch) const;
  /// Deletes some of the oldest records with numbers up to `up_to`, of one node or (empty) of all, of these whole files
  /// where it can.
  Result<Removed> remove_some(const std::string& node_id, std::uint64_t up_to);
  /// A short step towards retention, max_bytes and max_entries_per_node; true when another one is due at once.
  Result<bool> retain_some();
  /// A file was begun since retain_some() last had nothing to do, so that there may be too many.
  bool wants_retention() const { return wants_retention_; }

  // Reading.

  /// The number of a cursor that a client brought: `invalid` when it belongs to another store, `not_found` when what
  /// follows it has been deleted with its day; the context names the oldest cursor.
  Result<std::uint64_t> position_of(const Cursor& cursor) const;
  Result<Page> query(const Query& query);
  Result<StatsPage> stats(const StatsQuery& query);
  Result<Sources> sources();
  /// How many records are not in a search index yet. Some of the newest never are.
  std::uint64_t unindexed() const;

 private:
  struct Day;
  using DayPtr = std::shared_ptr<Day>;
  class Lease;
  using StreamKey = std::pair<std::string, std::uint64_t>;

  Store(StoreOptions options, const Clock& clock, Random& random, LogSink& log);
  Result<void> load();
  Result<void> load_day(const std::filesystem::path& path);
  void set_aside(const std::filesystem::path& path, const Error& why);
  /// Any thread: notes damage of a day if that is what the error is.
  bool note_damage(const DayPtr& day, const Error& why);
  void set_damaged_aside();
  Result<void> roll(WallTime received_at);
  Result<void> insert(std::vector<StreamBatch>& batches, WallTime received_at, CommittedBatch& out);
  void recover(const Error& why);
  Result<DayWriter*> writer_for(const DayPtr& day);
  Result<bool> scan_day(const DayPtr& day, const Query& query, const IsGivenUp& out_of_time, std::uint64_t last,
                        Page& page);
  Result<Page> scan(const Query& query);
  Result<bool> count_day(const DayPtr& day, const Filter& filter, const IsGivenUp& out_of_time, std::uint64_t last,
                         StatsPage& page);
  /// From now on for kScanBudget, or until it is given up.
  IsGivenUp budget(IsGivenUp is_given_up) const;
  /// With times that are settled.
  Result<Filter> bounded(const Filter& filter);
  /// Those that are not known to be damaged.
  std::vector<DayPtr> days() const;
  void remove_day(const DayPtr& day);
  /// Of a day that is damaged, nothing.
  Result<Removed> remove_from(const DayPtr& day, const std::string& node_id, std::uint64_t up_to, std::uint64_t limit);
  Result<Removed> remove_from_all(const DayPtr& day, std::uint64_t up_to);
  bool is_clock_settled();
  static WallTime ended_by(const std::vector<DayPtr>& days, WallTime now);
  bool remove_oldest_day(const std::vector<DayPtr>& all, bool age_counts);
  bool is_recent(const DayPtr& day) const;

  void open_index(Day& day);
  static void remove_files(const Day& day);
  void remove_stray_indexes();
  /// On the indexer's thread: takes one group into an index; true when there may be another one.
  Result<bool> index_some();
  Result<bool> index_day(const DayPtr& day);
  void start_indexer();
  void wake_indexer();
  void stop_indexer();

  StoreOptions options_;
  const Clock& clock_;
  Random& random_;
  Logger log_;
  std::string store_id_;
  std::atomic<std::uint64_t> last_number_{0};
  mutable std::mutex mutex_;  // guards days_ and what is in them
  std::vector<DayPtr> days_;  // by first number; the last one is written to
  // Of the writing thread.
  std::map<StreamKey, std::uint64_t> acknowledged_;
  std::unique_ptr<DayWriter> current_;
  std::unique_ptr<DayWriter> cleaner_;  // of an older day
  DayPtr cleaner_day_;
  DayCheckpointer checkpointer_;
  bool begin_new_file_ = false;
  bool wants_retention_ = false;
  std::optional<std::chrono::nanoseconds> clock_offset_;  // of the date to the monotonic clock
  Monotonic unsettled_until_{};
  std::mutex indexer_mutex_;
  std::condition_variable indexer_wake_;
  bool index_is_due_ = false;
  bool stopping_ = false;
  std::thread indexer_;
};

}  // namespace p2p::logs
