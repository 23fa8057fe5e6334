#include "logs/day_writer.hpp"

#include <fmt/format.h>

#include "base/disk.hpp"
#include "logs/day_schema.hpp"

namespace p2p::logs {
namespace {

/// Names whose rows are kept in memory; past it they are looked up again.
constexpr std::size_t kMaxInterned = 1 << 16;

std::int64_t nanoseconds_of(WallTime time) { return time.time_since_epoch().count(); }

void bind_optional(Statement& statement, int index, std::string_view text) {
  if (text.empty())
    statement.bind_null(index);
  else
    statement.bind(index, text);
}

}  // namespace

Result<std::unique_ptr<DayWriter>> DayWriter::create(const std::filesystem::path& path, std::string_view store_id,
                                                     std::uint64_t first_number) {
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  std::unique_ptr<DayWriter> out(new DayWriter(std::move(*database)));
  if (const auto fine = out->configure(); !fine) return fine.error();
  const std::string meta =
      fmt::format("INSERT INTO meta VALUES ('store_id', '{}'), ('first_number', {});", store_id, first_number);
  auto transaction = Transaction::begin(out->database_);
  if (!transaction) return transaction.error();
  for (const auto& sql : {std::string(kDaySchema), meta, fmt::format("PRAGMA user_version = {}", kDaySchemaVersion)}) {
    if (const auto fine = out->database_.execute(sql); !fine) return fine.error();
  }
  if (const auto fine = transaction->commit(); !fine) return fine.error();
  // SQLite does not make the entry of a new file durable.
  if (const int error = system_disk().sync_folder(path.parent_path()); error < 0)
    return system_error(-error, path.parent_path().string());
  if (const auto fine = out->prepare(); !fine) return fine.error();
  return out;
}

Result<std::unique_ptr<DayWriter>> DayWriter::open(const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Mode::create);
  if (!database) return database.error();
  std::unique_ptr<DayWriter> out(new DayWriter(std::move(*database)));
  if (const auto fine = out->configure(); !fine) return fine.error();
  if (const auto fine = out->prepare(); !fine) return fine.error();
  return out;
}

Result<void> DayWriter::configure() { return database_.execute(kDayPragmas); }

Result<void> DayWriter::prepare() {
  const std::pair<std::optional<Statement>*, const char*> statements[] = {
      {&find_node_, "SELECT id FROM nodes WHERE name = ?1"},
      {&add_node_, "INSERT INTO nodes (name) VALUES (?1)"},
      {&find_logger_, "SELECT id FROM loggers WHERE name = ?1"},
      {&add_logger_, "INSERT INTO loggers (name) VALUES (?1)"},
      {&find_stream_, "SELECT id FROM streams WHERE node = ?1 AND epoch = ?2"},
      {&add_stream_, "INSERT INTO streams (node, epoch) VALUES (?1, ?2)"},
      {&insert_, kInsertRecord},
      {&acknowledge_, "UPDATE streams SET acknowledged = max(acknowledged, ?2) WHERE id = ?1"},
      {&count_, "UPDATE nodes SET record_count = record_count + ?2 WHERE id = ?1"},
      {&keep_number_,
       "INSERT INTO meta SELECT 'removed_number', number FROM records WHERE true ORDER BY number DESC LIMIT 1 "
       "ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)"},
      {&keep_received_,
       "INSERT INTO meta SELECT 'removed_received_at', received_at FROM records WHERE true ORDER BY number DESC LIMIT "
       "1 "
       "ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)"},
      {&page_count_, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size"},
      {&remove_,
       "DELETE FROM records WHERE number IN (SELECT number FROM records NOT INDEXED WHERE node = ?1 "
       "AND number BETWEEN ?2 AND ?3 ORDER BY number LIMIT ?4)"},
      {&count_range_,
       "SELECT nodes.id, nodes.name, count(*) FROM records NOT INDEXED JOIN nodes ON nodes.id = records.node "
       "WHERE number BETWEEN ?1 AND ?2 GROUP BY nodes.id"},
      {&remove_range_, "DELETE FROM records WHERE number BETWEEN ?1 AND ?2"},
  };
  for (const auto& [target, sql] : statements) {
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    target->emplace(std::move(*statement));
  }
  return {};
}

Result<void> DayWriter::begin() {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  transaction_.emplace(std::move(*transaction));
  return {};
}

Result<void> DayWriter::commit() {
  if (const auto fine = store_counts(); !fine) return fine.error();
  if (const auto fine = transaction_->commit(); !fine) return fine.error();
  transaction_.reset();
  return {};
}

void DayWriter::roll_back() {
  transaction_.reset();
  // Rows that these name may have gone with the transaction.
  nodes_.clear();
  loggers_.clear();
  streams_.clear();
  inserted_.clear();
}

Result<std::int64_t> DayWriter::intern(Ids& cache, Statement& find, Statement& add, const std::string& name) {
  if (const auto known = cache.find(name); known != cache.end()) return known->second;
  find.bind(1, name);
  const auto found = find.step();
  if (!found) return found.error();
  std::int64_t id = 0;
  if (*found) {
    id = find.integer(0);
    find.reset();
  } else {
    add.bind(1, name);
    if (const auto added = add.run(); !added) return added.error();
    id = database_.last_rowid();
  }
  if (cache.size() >= kMaxInterned) cache.clear();
  cache.emplace(name, id);
  return id;
}

Result<std::int64_t> DayWriter::stream(std::int64_t node, std::uint64_t epoch) {
  if (const auto known = streams_.find(node); known != streams_.end() && known->second.epoch == epoch)
    return known->second.id;
  find_stream_->bind(1, node);
  find_stream_->bind(2, static_cast<std::int64_t>(epoch));
  const auto found = find_stream_->step();
  if (!found) return found.error();
  std::int64_t id = 0;
  if (*found) {
    id = find_stream_->integer(0);
    find_stream_->reset();
  } else {
    add_stream_->bind(1, node);
    add_stream_->bind(2, static_cast<std::int64_t>(epoch));
    if (const auto added = add_stream_->run(); !added) return added.error();
    id = database_.last_rowid();
  }
  streams_[node] = {id, epoch};
  return id;
}

Result<DayWriter::StreamRow> DayWriter::stream_row(const std::string& node_id, std::uint64_t epoch) {
  const auto node_row = node(node_id);
  if (!node_row) return node_row.error();
  const auto row = stream(*node_row, epoch);
  if (!row) return row.error();
  return StreamRow{*node_row, *row};
}

Result<void> DayWriter::insert(const StreamRow& stream, std::uint64_t number, const LogRecord& record) {
  const auto logger_row = intern(loggers_, *find_logger_, *add_logger_, record.logger_name);
  if (!logger_row) return logger_row.error();
  Statement& row = *insert_;
  row.bind(1, static_cast<std::int64_t>(number));
  row.bind(2, stream.stream);
  row.bind(3, static_cast<std::int64_t>(record.seq));
  row.bind(4, stream.node);
  row.bind(5, *logger_row);
  row.bind(6, std::int64_t{severity_of(record.level)});
  row.bind(7, nanoseconds_of(record.timestamp));
  row.bind(8, nanoseconds_of(record.received_at));
  row.bind(9, record.message);
  bind_optional(row, 10, record.attrs);
  bind_optional(row, 11, record.module);
  bind_optional(row, 12, record.function);
  if (record.line == 0)
    row.bind_null(13);
  else
    row.bind(13, std::int64_t{record.line});
  bind_optional(row, 14, record.trace_id);
  if (const auto done = row.run(); !done) return done.error();
  ++inserted_[stream.node];
  return {};
}

Result<void> DayWriter::acknowledge(const StreamRow& stream, std::uint64_t seq) {
  acknowledge_->bind(1, stream.stream);
  acknowledge_->bind(2, static_cast<std::int64_t>(seq));
  return acknowledge_->run();
}

std::uint64_t DayWriter::size_bytes() {
  const auto found = page_count_->step();
  const std::int64_t bytes = found && *found ? page_count_->integer(0) * page_count_->integer(1) : 0;
  page_count_->reset();
  return static_cast<std::uint64_t>(bytes);
}

void DayWriter::finish() { (void)database_.execute("PRAGMA wal_checkpoint(PASSIVE)"); }

Result<void> DayWriter::store_counts() {
  for (const auto& [node_row, count] : inserted_) {
    count_->bind(1, node_row);
    count_->bind(2, count);
    if (const auto done = count_->run(); !done) return done;
  }
  inserted_.clear();
  return {};
}

/// Of the newest record, what must be known once it is removed.
Result<void> DayWriter::keep_last() {
  for (Statement* keep : {&*keep_number_, &*keep_received_}) {
    if (const auto kept = keep->run(); !kept) return kept;
  }
  return {};
}

Result<std::uint64_t> DayWriter::remove(const std::string& node_id, std::uint64_t from, std::uint64_t to,
                                        std::uint64_t limit) {
  if (const auto begun = begin(); !begun) return begun.error();
  const auto removed = [&]() -> Result<std::uint64_t> {
    const auto node_row = node(node_id);
    if (!node_row) return node_row.error();
    if (const auto kept = keep_last(); !kept) return kept.error();
    remove_->bind(1, *node_row);
    remove_->bind(2, static_cast<std::int64_t>(from));
    remove_->bind(3, static_cast<std::int64_t>(to));
    remove_->bind(4, static_cast<std::int64_t>(limit));
    if (const auto done = remove_->run(); !done) return done.error();
    const std::int64_t rows = database_.changed_rows();
    inserted_[*node_row] -= rows;
    if (const auto done = commit(); !done) return done.error();
    return static_cast<std::uint64_t>(rows);
  }();
  if (!removed) roll_back();
  return removed;
}

Result<std::map<std::string, std::uint64_t>> DayWriter::remove_all(std::uint64_t from, std::uint64_t to) {
  using Counts = std::map<std::string, std::uint64_t>;
  if (const auto begun = begin(); !begun) return begun.error();
  const auto removed = [&]() -> Result<Counts> {
    if (const auto kept = keep_last(); !kept) return kept.error();
    Counts out;
    for (Statement* statement : {&*count_range_, &*remove_range_}) {
      statement->bind(1, static_cast<std::int64_t>(from));
      statement->bind(2, static_cast<std::int64_t>(to));
    }
    for (;;) {
      const auto row = count_range_->step();
      if (!row) return row.error();
      if (!*row) break;
      const std::int64_t count = count_range_->integer(2);
      inserted_[count_range_->integer(0)] -= count;
      out[std::string(count_range_->text(1))] = static_cast<std::uint64_t>(count);
    }
    if (const auto done = remove_range_->run(); !done) return done.error();
    if (const auto done = commit(); !done) return done.error();
    return out;
  }();
  if (!removed) roll_back();
  return removed;
}

}  // namespace p2p::logs
