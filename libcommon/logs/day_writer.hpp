// Writes one day of the log store. One thread; at most one writer a file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/sqlite.hpp"
#include "logs/record.hpp"

namespace p2p::logs {

class DayWriter {
 public:
  /// Makes the file and its schema; numbers begin at `first_number`. A file without a finished schema (a crash while it
  /// was made) is begun anew.
  static Result<std::unique_ptr<DayWriter>> create(const std::filesystem::path& path, std::string_view store_id,
                                                   std::uint64_t first_number);
  static Result<std::unique_ptr<DayWriter>> open(const std::filesystem::path& path);

  /// Within this, insert() and acknowledge() are atomic and, once commit() returned, durable (synchronous=FULL).
  Result<void> begin();
  Result<void> commit();
  void roll_back();

  /// Rows of a stream, for one transaction.
  struct StreamRow {
    std::int64_t node = 0;
    std::int64_t stream = 0;
  };
  Result<StreamRow> stream_row(const std::string& node_id, std::uint64_t epoch);
  /// The caller knows that it is not stored yet.
  Result<void> insert(const StreamRow& stream, std::uint64_t number, const LogRecord& record);
  Result<void> acknowledge(const StreamRow& stream, std::uint64_t seq);
  /// Of the file once everything is in it; 0 when that cannot be told.
  std::uint64_t size_bytes();
  /// Before another file is begun: puts the journal into this one, as far as readers let it.
  void finish();

  /// Deletes the node's oldest records with numbers from `from` to `to`, at most `limit`, in a transaction of its own;
  /// the number of rows. It looks at every record of the range.
  Result<std::uint64_t> remove(const std::string& node_id, std::uint64_t from, std::uint64_t to, std::uint64_t limit);
  /// Likewise those of all nodes; the number of rows of each.
  Result<std::map<std::string, std::uint64_t>> remove_all(std::uint64_t from, std::uint64_t to);

 private:
  using Ids = std::unordered_map<std::string, std::int64_t>;
  struct Stream {
    std::int64_t id;
    std::uint64_t epoch;
  };

  explicit DayWriter(Database database) : database_(std::move(database)) {}
  Result<void> configure();
  Result<void> prepare();
  Result<std::int64_t> intern(Ids& cache, Statement& find, Statement& add, const std::string& name);
  Result<std::int64_t> node(const std::string& name) { return intern(nodes_, *find_node_, *add_node_, name); }
  Result<std::int64_t> stream(std::int64_t node, std::uint64_t epoch);
  Result<void> store_counts();
  Result<void> keep_last();

  Database database_;
  std::optional<Transaction> transaction_;
  std::optional<Statement> find_node_, add_node_, find_logger_, add_logger_, find_stream_, add_stream_, insert_,
      acknowledge_, count_, keep_number_, keep_received_, remove_, count_range_, remove_range_, page_count_;
  Ids nodes_, loggers_;
  std::unordered_map<std::int64_t, Stream> streams_;         // by node: the one written last
  std::unordered_map<std::int64_t, std::int64_t> inserted_;  // by node, in this transaction
};

}  // namespace p2p::logs
