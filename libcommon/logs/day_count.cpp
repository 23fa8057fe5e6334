// Counting half of the day's reader.
#include <fmt/format.h>

#include "logs/day_reader.hpp"

namespace p2p::logs {
namespace {

constexpr unsigned kCountedBetweenTimeChecks = 1024;

/// By row id, which costs no look at a name; those whose name a reader does not keep are not counted one by one.
void count_row(std::vector<LevelCounts>& by_id, std::size_t id, LogLevel level) {
  if (id >= kMaxKeptNames) return;
  if (id >= by_id.size()) by_id.resize(id + 1);
  ++by_id[id][static_cast<std::size_t>(level)];
}

/// Counts by row id become counts by name.
void name_counts(const std::vector<LevelCounts>& by_id, const std::vector<std::string>& names, LogStats::ByName& out) {
  for (std::size_t id = 0; id < by_id.size(); ++id) {
    // A row id that no table has comes only from a damaged file.
    if (id < names.size() && total_of(by_id[id]) > 0) add(out, names[id], by_id[id]);
  }
}

bool allows(const std::vector<char>& allowed, std::size_t id) {
  return allowed.empty() || (id < allowed.size() && allowed[id] != 0);
}

}  // namespace

Result<std::optional<WallTime>> DayReader::first_received() {
  auto rows = database_.prepare("SELECT received_at FROM records ORDER BY number LIMIT 1");
  if (!rows) return rows.error();
  const auto found = rows->step();
  if (!found) return found.error();
  if (!*found) return std::optional<WallTime>();
  return std::optional<WallTime>(WallTime{std::chrono::nanoseconds{rows->integer(0)}});
}

Result<ScanEnd> DayReader::count(const ScanRequest& asked, LogStats& into) {
  ScanRequest request = asked;
  request.forward = true;
  if (request.filter->looks_at_message()) {
    return scan(request, [&](StoredRecord&& stored) {
      LevelCounts one{};
      one[static_cast<std::size_t>(stored.record.level)] = 1;
      into.add(stored.record.received_at, stored.record.level);
      add(into.nodes, stored.record.node_id, one);
      add(into.loggers, stored.record.logger_name, one);
      return true;
    });
  }
  for (const auto& loaded : {load_names(nodes_), load_names(loggers_), narrow_to_time(*request.filter, request)}) {
    if (!loaded) return loaded.error();
  }
  const auto wanted = wanted_by(*request.filter);
  if (!wanted) return wanted.error();
  if (wanted->nothing) return ScanEnd{};
  std::vector<LevelCounts> nodes, loggers;
  const auto end =
      count_rows(request, *wanted, [&](std::size_t node, std::size_t logger, LogLevel level, WallTime time) {
        into.add(time, level);
        count_row(nodes, node, level);
        count_row(loggers, logger, level);
      });
  name_counts(nodes, nodes_.by_id, into.nodes);
  name_counts(loggers, loggers_.by_id, into.loggers);
  return end;
}

Result<ScanEnd> DayReader::count_rows(const ScanRequest& request, const Wanted& wanted, const RowVisitor& visit) {
  const LogLevel least = request.filter->spec().minimum_level;
  auto rows = database_.prepare(fmt::format(
      "SELECT number, node, logger, level, received_at FROM records {} number BETWEEN ?1 AND ?2 ORDER BY number",
      least >= LogLevel::error ? "INDEXED BY errors WHERE level >= 17 AND" : "NOT INDEXED WHERE"));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(request.lowest));
  rows->bind(2, static_cast<std::int64_t>(request.highest));
  const auto id_at = [&](int column) { return static_cast<std::size_t>(rows->integer(column)); };
  for (unsigned looked_at = 1;; ++looked_at) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return ScanEnd{};
    const LogLevel level = level_of_severity(rows->integer(3));
    if (level >= least && allows(wanted.nodes, id_at(1)) && allows(wanted.loggers, id_at(2)))
      visit(id_at(1), id_at(2), level, WallTime{std::chrono::nanoseconds{rows->integer(4)}});
    if (looked_at % kCountedBetweenTimeChecks == 0 && request.out_of_time())
      return ScanEnd{false, static_cast<std::uint64_t>(rows->integer(0))};
  }
}

}  // namespace p2p::logs
