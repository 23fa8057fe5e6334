#include "logs/day_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "logs/day_schema.hpp"

namespace p2p::logs {
namespace {

/// With more matching nodes or loggers than this, a scan in order of number is cheaper than merging one index walk
/// each.
constexpr std::size_t kMaxLanes = 16;
constexpr unsigned kRowsBetweenTimeChecks = 256;
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
std::string lane_sql(std::string_view index, std::string_view condition, bool forward) {
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

struct DayReader::Plan {
  std::vector<Lane> lanes;
  std::vector<char> nodes;    // by row id: wanted; empty for all
  std::vector<char> loggers;  // likewise
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

Result<std::vector<std::string>> DayReader::loggers() {
  if (const auto loaded = load_names("loggers", loggers_); !loaded) return loaded.error();
  std::vector<std::string> out;
  for (const auto& name : loggers_.by_id) {
    if (!name.empty()) out.push_back(name);
  }
  return out;
}

Result<void> DayReader::load_names(std::string_view table, Names& names) {
  auto rows = database_.prepare(fmt::format("SELECT id, name FROM {} WHERE id >= ?1", table));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(names.by_id.size()));
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return {};
    const auto id = static_cast<std::size_t>(rows->integer(0));
    if (id > kMaxRowId) return Error(Errc::damaged, fmt::format("a log file has a row {} of {}", id, table));
    if (id >= names.by_id.size()) names.by_id.resize(id + 1);
    names.by_id[id] = rows->text(1);
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

std::vector<std::int64_t> DayReader::Names::matching(const std::function<bool(std::string_view)>& matches,
                                                     std::vector<char>& allowed) {
  std::vector<std::int64_t> out;
  allowed.assign(by_id.size(), 0);
  for (std::size_t id = 1; id < by_id.size(); ++id) {
    if (!matches(by_id[id])) continue;
    allowed[id] = 1;
    out.push_back(static_cast<std::int64_t>(id));
  }
  return out;
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

Result<DayReader::Plan> DayReader::plan(const ScanRequest& request) {
  Plan out;
  const Filter& filter = *request.filter;
  const FilterSpec& spec = filter.spec();
  std::string_view severe_index, severe_node_index = "by_node", severe;
  if (spec.minimum_level >= LogLevel::error) {
    severe_index = "errors", severe_node_index = "errors_by_node", severe = "level >= 17 AND";
  } else if (spec.minimum_level >= LogLevel::warning) {
    severe_index = "warnings", severe_node_index = "warnings_by_node", severe = "level >= 13 AND";
  }
  std::vector<std::int64_t> nodes, loggers;
  if (!spec.nodes.empty())
    nodes = nodes_.matching([&](std::string_view name) { return filter.matches_node(name); }, out.nodes);
  if (!spec.loggers.empty())
    loggers = loggers_.matching([&](std::string_view name) { return filter.matches_logger(name); }, out.loggers);
  if ((!spec.nodes.empty() && nodes.empty()) || (!spec.loggers.empty() && loggers.empty())) return out;

  std::vector<std::string> lanes;
  if (!nodes.empty() && nodes.size() <= kMaxLanes) {
    for (const auto id : nodes)
      lanes.push_back(lane_sql(severe_node_index, fmt::format("{} node = {} AND", severe, id), request.forward));
  } else if (!severe.empty()) {
    lanes.push_back(lane_sql(severe_index, severe, request.forward));
  } else if (!loggers.empty() && loggers.size() <= kMaxLanes) {
    for (const auto id : loggers)
      lanes.push_back(lane_sql("by_logger", fmt::format("logger = {} AND", id), request.forward));
  } else {
    lanes.push_back(lane_sql("", "", request.forward));
  }
  for (const auto& sql : lanes) {
    auto rows = database_.prepare(sql);
    if (!rows) return rows.error();
    rows->bind(1, static_cast<std::int64_t>(request.lowest));
    rows->bind(2, static_cast<std::int64_t>(request.highest));
    Lane lane{std::move(*rows)};
    if (const auto moved = lane.next(); !moved) return moved.error();
    if (!lane.at_end) out.lanes.push_back(std::move(lane));
  }
  return out;
}

bool DayReader::fits(const Plan& plan, const Statement& row, const Filter& filter) const {
  const auto wanted = [&](const std::vector<char>& allowed, Column column) {
    const auto id = static_cast<std::size_t>(row.integer(column));
    return allowed.empty() || (id < allowed.size() && allowed[id] != 0);
  };
  return level_of_severity(row.integer(kLevel)) >= filter.spec().minimum_level && wanted(plan.nodes, kNode) &&
         wanted(plan.loggers, kLogger) && (!filter.looks_at_message() || filter.matches_message(row.text(kMessage)));
}

StoredRecord DayReader::decode(const Statement& row) const {
  StoredRecord out;
  LogRecord& record = out.record;
  const auto index = [&](Column column) { return static_cast<std::size_t>(row.integer(column)); };
  out.number = number_of(row);
  record.timestamp = time_of(row.integer(kTimestamp));
  record.node_id = at_or_empty(nodes_.by_id, index(kNode));
  record.epoch = at_or_empty(epochs_, index(kStream));
  record.seq = static_cast<std::uint64_t>(row.integer(kSeq));
  record.level = level_of_severity(row.integer(kLevel));
  record.logger_name = at_or_empty(loggers_.by_id, index(kLogger));
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
  for (const auto& loaded : {load_names("nodes", nodes_), load_names("loggers", loggers_), load_streams(),
                             narrow_to_time(*request.filter, request)}) {
    if (!loaded) return loaded.error();
  }
  auto planned = plan(request);
  if (!planned) return planned.error();
  std::vector<Lane>& lanes = planned->lanes;
  unsigned rows = 0;
  while (!lanes.empty()) {
    const auto nearest = std::min_element(lanes.begin(), lanes.end(), [&](const Lane& a, const Lane& b) {
      return request.forward ? number_of(a.rows) < number_of(b.rows) : number_of(a.rows) > number_of(b.rows);
    });
    const std::uint64_t number = number_of(nearest->rows);
    if (fits(*planned, nearest->rows, *request.filter) && !visit(decode(nearest->rows))) return ScanEnd{false, number};
    if (++rows % kRowsBetweenTimeChecks == 0 && request.out_of_time()) return ScanEnd{false, number};
    if (const auto moved = nearest->next(); !moved) return moved.error();
    if (nearest->at_end) lanes.erase(nearest);
  }
  return ScanEnd{};
}

}  // namespace p2p::logs
