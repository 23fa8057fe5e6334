#include "logs/day_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "logs/day_schema.hpp"
#include "logs/range_walk.hpp"

namespace p2p::logs {
namespace {

constexpr unsigned kRowsBetweenTimeChecks = 256;
/// Where messages are looked at, so many bytes of them count as a row: an expression may take long for them.
constexpr std::size_t kMessageBytesOfRow = 16;
/// What it takes to begin with another range, in rows.
constexpr unsigned kRowsOfSeek = 8;
/// More names or streams than a day has; a larger row id comes only from a damaged file.
constexpr std::size_t kMaxRowId = std::size_t{1} << 24;

constexpr char kColumns[] =
    "number, stream, seq, node, logger, level, timestamp, received_at, message, attrs, module, function, line, "
    "trace_id";
enum Column {
  kNumber,
  kStream,
  kSeq,
  kNode,
  kLogger,
  kLevel,
  kTimestamp,
  kReceivedAt,
  kMessage,
  kAttrs,
  kModule,
  kFunction,
  kLine,
  kTraceId
};

WallTime time_of(std::int64_t nanoseconds) { return WallTime{std::chrono::nanoseconds{nanoseconds}}; }

/// A row id that no table has comes only from a damaged file.
template <class Value>
Value at_or_empty(const std::vector<Value>& values, std::size_t index) {
  return index < values.size() ? values[index] : Value();
}

std::uint64_t number_of(const Statement& row) { return static_cast<std::uint64_t>(row.integer(kNumber)); }

/// The statement of one index walk. Only conditions that the index answers are in it, so that every other row comes
/// back and the scan can stop in time.
std::string walk_sql(std::string_view index, std::string_view condition, bool forward) {
  return fmt::format("SELECT {} FROM records {} WHERE {} number BETWEEN ?1 AND ?2 ORDER BY number {}", kColumns,
                     index.empty() ? "NOT INDEXED" : fmt::format("INDEXED BY {}", index), condition,
                     forward ? "ASC" : "DESC");
}

}  // namespace

/// One index walk, standing at its current row.
struct DayReader::Lane {
  Statement rows;
  bool at_end = false;

  Result<void> next() {
    const auto more = rows.step();
    if (!more) return more.error();
    at_end = !*more;
    return {};
  }
};

Result<std::unique_ptr<DayReader>> DayReader::open(const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return database.error();
  auto version = database->prepare("PRAGMA user_version");
  if (!version) return version.error();
  const auto row = version->step();
  if (!row) return row.error();
  const std::int64_t number = version->integer(0);
  if (number == 0) return Error(Errc::damaged, path.string() + ": it was never finished, or it was emptied");
  if (number > kDaySchemaVersion)
    return Error(Errc::unsupported, path.string() + " was written by a later version of p2p");
  version->reset();
  return std::unique_ptr<DayReader>(new DayReader(std::move(*database)));
}

Result<DaySummary> DayReader::summary() {
  DaySummary out;
  // One row a query; the columns are texts and numbers, whichever the visitor asks for.
  const auto each = [&](std::string_view sql, const auto& visit) -> Result<void> {
    auto rows = database_.prepare(sql);
    if (!rows) return rows.error();
    for (;;) {
      const auto more = rows->step();
      if (!more) return more.error();
      if (!*more) return {};
      visit(*rows);
    }
  };
  const auto unsigned_at = [](const Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
  };
  const Result<void> results[] = {
      each("SELECT value FROM meta WHERE key = 'store_id'", [&](const Statement& row) { out.store_id = row.text(0); }),
      each("SELECT value FROM meta WHERE key = 'first_number'",
           [&](const Statement& row) {
             out.first_number = unsigned_at(row, 0);
             out.last_number = out.first_number - 1;
           }),
      each("SELECT number, received_at FROM records ORDER BY number DESC LIMIT 1",
           [&](const Statement& row) {
             out.last_number = unsigned_at(row, 0);
             out.last_received = time_of(row.integer(1));
           }),
      // What is deleted keeps its number: cursors that point there stay true.
      each("SELECT value FROM meta WHERE key = 'removed_number'",
           [&](const Statement& row) { out.last_number = std::max(out.last_number, unsigned_at(row, 0)); }),
      each("SELECT value FROM meta WHERE key = 'removed_received_at'",
           [&](const Statement& row) { out.last_received = std::max(out.last_received, time_of(row.integer(0))); }),
      each("SELECT name, record_count FROM nodes",
           [&](const Statement& row) {
             out.nodes.push_back({std::string(row.text(0)), unsigned_at(row, 1)});
           }),
      each("SELECT name, epoch, acknowledged FROM streams JOIN nodes ON nodes.id = streams.node",
           [&](const Statement& row) {
             out.streams.push_back({std::string(row.text(0)), unsigned_at(row, 1), unsigned_at(row, 2)});
           }),
  };
  for (const auto& result : results) {
    if (!result) return result.error();
  }
  if (out.store_id.empty() || out.first_number == 0) return Error(Errc::damaged, "a log file lacks its meta data");
  if (out.last_number > kMaxSeq) return Error(Errc::damaged, "a log file has numbers that were never given");
  return out;
}

Result<std::vector<std::string>> DayReader::loggers(std::size_t limit) {
  auto rows = database_.prepare("SELECT name FROM loggers ORDER BY id LIMIT ?1");
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(limit));
  std::vector<std::string> out;
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return out;
    out.emplace_back(rows->text(0));
  }
}

Result<void> DayReader::load_names(Names& names) {
  if (names.by_id.size() >= kMaxKeptNames) return {};
  auto rows = database_.prepare(fmt::format("SELECT id, name FROM {} WHERE id BETWEEN ?1 AND ?2", names.table));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(names.by_id.size()));
  rows->bind(2, static_cast<std::int64_t>(kMaxKeptNames - 1));
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return {};
    const auto id = static_cast<std::size_t>(rows->integer(0));
    if (id >= names.by_id.size()) names.by_id.resize(id + 1);
    names.by_id[id] = rows->text(1);
  }
}

/// A row id that the table has not got comes only from a damaged file; its name is empty.
Result<std::string> DayReader::name_of(Names& names, std::int64_t id) {
  if (id >= 0 && static_cast<std::size_t>(id) < kMaxKeptNames)
    return at_or_empty(names.by_id, static_cast<std::size_t>(id));
  if (!names.find) {
    auto find = database_.prepare(fmt::format("SELECT name FROM {} WHERE id = ?1", names.table));
    if (!find) return find.error();
    names.find.emplace(std::move(*find));
  }
  names.find->bind(1, id);
  const auto found = names.find->step();
  if (!found) return found.error();
  std::string out(*found ? names.find->text(0) : std::string_view());
  names.find->reset();
  return out;
}

Result<std::vector<std::int64_t>> DayReader::matching(const Names& names,
                                                      const std::function<bool(std::string_view)>& matches,
                                                      std::vector<char>& allowed) {
  std::vector<std::int64_t> out;
  allowed.assign(names.by_id.size(), 0);
  for (std::size_t id = 1; id < names.by_id.size(); ++id) {
    if (!matches(names.by_id[id])) continue;
    allowed[id] = 1;
    out.push_back(static_cast<std::int64_t>(id));
  }
  if (names.by_id.size() < kMaxKeptNames) return out;
  auto rows = database_.prepare(fmt::format("SELECT id, name FROM {} WHERE id >= ?1", names.table));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(kMaxKeptNames));
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return out;
    const auto id = static_cast<std::size_t>(rows->integer(0));
    if (id > kMaxRowId) return Error(Errc::damaged, fmt::format("a log file has a row {} of {}", id, names.table));
    allowed.resize(std::max(allowed.size(), id + 1));
    if (!matches(rows->text(1))) continue;
    allowed[id] = 1;
    out.push_back(rows->integer(0));
  }
}

Result<void> DayReader::load_streams() {
  auto rows = database_.prepare("SELECT id, epoch FROM streams WHERE id >= ?1");
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(epochs_.size()));
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return {};
    const auto id = static_cast<std::size_t>(rows->integer(0));
    if (id > kMaxRowId) return Error(Errc::damaged, fmt::format("a log file has a row {} of streams", id));
    if (id >= epochs_.size()) epochs_.resize(id + 1);
    epochs_[id] = static_cast<std::uint64_t>(rows->integer(1));
  }
}

/// `received_at` never falls within a day, so a time is a number; found by halving, as there is no index on it.
Result<std::uint64_t> DayReader::first_received_from(WallTime time, std::uint64_t lowest, std::uint64_t highest) {
  auto probe = database_.prepare(
      "SELECT number, received_at FROM records WHERE number BETWEEN ?1 AND ?2 ORDER BY number LIMIT 1");
  if (!probe) return probe.error();
  std::uint64_t low = lowest;
  std::uint64_t high = highest + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    probe->bind(1, static_cast<std::int64_t>(middle));
    probe->bind(2, static_cast<std::int64_t>(high - 1));
    const auto found = probe->step();
    if (!found) return found.error();
    if (!*found || time_of(probe->integer(1)) >= time)
      high = middle;
    else
      low = static_cast<std::uint64_t>(probe->integer(0)) + 1;
    probe->reset();
  }
  return low;
}

Result<void> DayReader::narrow_to_time(const Filter& filter, ScanRequest& request) {
  const FilterSpec& spec = filter.spec();
  if (spec.since && request.lowest <= request.highest) {
    const auto lowest = first_received_from(*spec.since, request.lowest, request.highest);
    if (!lowest) return lowest.error();
    request.lowest = *lowest;
  }
  if (spec.until && request.lowest <= request.highest) {
    const auto end = first_received_from(*spec.until, request.lowest, request.highest);
    if (!end) return end.error();
    request.highest = *end - 1;
  }
  return {};
}

Result<DayReader::Wanted> DayReader::wanted_by(const Filter& filter) {
  Wanted out;
  const FilterSpec& spec = filter.spec();
  if (!spec.nodes.empty()) {
    auto rows = matching(
        nodes_, [&](std::string_view name) { return filter.matches_node(name); }, out.nodes);
    if (!rows) return rows.error();
    out.node_rows = std::move(*rows);
  }
  if (!spec.loggers.empty()) {
    auto rows = matching(
        loggers_, [&](std::string_view name) { return filter.matches_logger(name); }, out.loggers);
    if (!rows) return rows.error();
    out.logger_rows = std::move(*rows);
  }
  out.nothing = (!spec.nodes.empty() && out.node_rows.empty()) || (!spec.loggers.empty() && out.logger_rows.empty());
  return out;
}

bool DayReader::fits_but_for_message(const Wanted& wanted, const Statement& row, const Filter& filter) {
  const auto allows = [&](const std::vector<char>& allowed, Column column) {
    const auto id = static_cast<std::size_t>(row.integer(column));
    return allowed.empty() || (id < allowed.size() && allowed[id] != 0);
  };
  return level_of_severity(row.integer(kLevel)) >= filter.spec().minimum_level && allows(wanted.nodes, kNode) &&
         allows(wanted.loggers, kLogger);
}

bool DayReader::fits(const Wanted& wanted, const Statement& row, const Filter& filter) {
  return fits_but_for_message(wanted, row, filter) &&
         (!filter.looks_at_message() || filter.matches_message(row.text(kMessage)));
}

Result<StoredRecord> DayReader::decode(const Statement& row) {
  StoredRecord out;
  LogRecord& record = out.record;
  auto node = name_of(nodes_, row.integer(kNode));
  if (!node) return node.error();
  auto logger = name_of(loggers_, row.integer(kLogger));
  if (!logger) return logger.error();
  const auto index = [&](Column column) { return static_cast<std::size_t>(row.integer(column)); };
  out.number = number_of(row);
  record.timestamp = time_of(row.integer(kTimestamp));
  record.node_id = std::move(*node);
  record.epoch = at_or_empty(epochs_, index(kStream));
  record.seq = static_cast<std::uint64_t>(row.integer(kSeq));
  record.level = level_of_severity(row.integer(kLevel));
  record.logger_name = std::move(*logger);
  record.message = row.text(kMessage);
  record.attrs = row.text(kAttrs);
  record.module = row.text(kModule);
  record.function = row.text(kFunction);
  record.line = static_cast<std::uint32_t>(row.integer(kLine));
  record.trace_id = row.text(kTraceId);
  record.received_at = time_of(row.integer(kReceivedAt));
  return out;
}

Result<ScanEnd> DayReader::scan(const ScanRequest& asked, const RecordVisitor& visit) {
  ScanRequest request = asked;
  // The range ends at a number that is committed already, so names loaded now cover every row of it.
  for (const auto& loaded :
       {load_names(nodes_), load_names(loggers_), load_streams(), narrow_to_time(*request.filter, request)}) {
    if (!loaded) return loaded.error();
  }
  const auto wanted = wanted_by(*request.filter);
  if (!wanted) return wanted.error();
  if (wanted->nothing) return ScanEnd{};
  // Errors have an index of SQLite's, which is exact and never behind; only text is found better by the other.
  const bool by_errors = request.filter->spec().minimum_level >= LogLevel::error && !request.filter->looks_at_message();
  return by_errors ? scan_errors(request, *wanted, visit) : scan_ranges(request, *wanted, visit);
}

Result<ScanEnd> DayReader::scan_errors(const ScanRequest& request, const Wanted& wanted, const RecordVisitor& visit) {
  std::vector<std::string> walks;
  if (!wanted.node_rows.empty() && wanted.node_rows.size() <= kMaxAlternatives) {
    for (const auto id : wanted.node_rows)
      walks.push_back(walk_sql("errors_by_node", fmt::format("level >= 17 AND node = {} AND", id), request.forward));
  } else {
    walks.push_back(walk_sql("errors", "level >= 17 AND", request.forward));
  }
  std::vector<Lane> lanes;
  for (const auto& sql : walks) {
    auto rows = database_.prepare(sql);
    if (!rows) return rows.error();
    rows->bind(1, static_cast<std::int64_t>(request.lowest));
    rows->bind(2, static_cast<std::int64_t>(request.highest));
    Lane lane{std::move(*rows)};
    if (const auto moved = lane.next(); !moved) return moved.error();
    if (!lane.at_end) lanes.push_back(std::move(lane));
  }
  unsigned rows = 0;
  while (!lanes.empty()) {
    const auto nearest = std::min_element(lanes.begin(), lanes.end(), [&](const Lane& a, const Lane& b) {
      return request.forward ? number_of(a.rows) < number_of(b.rows) : number_of(a.rows) > number_of(b.rows);
    });
    const std::uint64_t number = number_of(nearest->rows);
    if (fits(wanted, nearest->rows, *request.filter)) {
      auto record = decode(nearest->rows);
      if (!record) return record.error();
      if (!visit(std::move(*record))) return ScanEnd{false, number};
    }
    if (++rows % kRowsBetweenTimeChecks == 0 && request.out_of_time()) return ScanEnd{false, number};
    if (const auto moved = nearest->next(); !moved) return moved.error();
    if (nearest->at_end) lanes.erase(nearest);
  }
  return ScanEnd{};
}

Result<ScanEnd> DayReader::scan_ranges(const ScanRequest& request, const Wanted& wanted, const RecordVisitor& visit) {
  auto rows = database_.prepare(walk_sql("", "", request.forward));
  if (!rows) return rows.error();
  RangeWalk walk({request.lowest, request.highest}, request.forward, request.index,
                 index_query(*request.filter, wanted.node_rows, wanted.logger_rows));
  unsigned looked_at = 0;
  const bool is_costly = request.filter->is_costly();
  const auto is_late = [&](unsigned more) {
    const unsigned before = looked_at;
    looked_at += more;
    return before / kRowsBetweenTimeChecks != looked_at / kRowsBetweenTimeChecks && request.out_of_time();
  };
  while (const auto range = walk.next()) {
    rows->bind(1, static_cast<std::int64_t>(range->first));
    rows->bind(2, static_cast<std::int64_t>(range->last));
    for (;;) {
      const auto more = rows->step();
      if (!more) return more.error();
      if (!*more) break;
      const std::uint64_t number = number_of(*rows);
      if (fits(wanted, *rows, *request.filter)) {
        auto record = decode(*rows);
        if (!record) return record.error();
        if (!visit(std::move(*record))) return ScanEnd{false, number};
      }
      const bool looked = is_costly && fits_but_for_message(wanted, *rows, *request.filter);
      const std::size_t of_message = looked ? rows->text(kMessage).size() / kMessageBytesOfRow : 0;
      if (is_late(1 + static_cast<unsigned>(of_message))) return ScanEnd{false, number};
    }
    // A range without records costs something too.
    if (is_late(kRowsOfSeek)) return ScanEnd{false, request.forward ? range->last : range->first};
  }
  return ScanEnd{};
}

Result<std::unique_ptr<IndexGroup>> DayReader::next_group(std::uint64_t from, std::uint64_t last, bool finished) {
  // A transaction that lasts keeps SQLite from reusing its journal, so a group is read in parts.
  constexpr std::uint64_t kReadTogether = 2048;
  auto rows = database_.prepare(
      "SELECT number, node, logger, level, message FROM records WHERE number BETWEEN ?1 AND ?2 ORDER BY number LIMIT "
      "2048");
  if (!rows) return rows.error();
  std::unique_ptr<IndexGroup> out;
  for (std::uint64_t count = kReadTogether; count == kReadTogether;) {
    rows->bind(1, static_cast<std::int64_t>(from));
    rows->bind(2, static_cast<std::int64_t>(out == nullptr ? last : std::min(last, out->end() - 1)));
    for (count = 0;; ++count) {
      const auto more = rows->step();
      if (!more) return more.error();
      if (!*more) break;
      const auto at = [&](int column) { return static_cast<std::uint64_t>(rows->integer(column)); };
      from = at(0) + 1;
      if (out == nullptr) {
        out = std::make_unique<IndexGroup>(at(0));
        if (!finished && out->end() - 1 > last) return std::unique_ptr<IndexGroup>();
      }
      if (at(0) >= out->end()) return out;
      out->add(at(0), at(1), at(2), level_of_severity(rows->integer(3)), rows->text(4));
    }
  }
  return out;
}

}  // namespace p2p::logs
