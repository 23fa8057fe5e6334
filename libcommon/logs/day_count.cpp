// Counting half of the day's reader.
#include <fmt/format.h>

#include <unordered_map>

#include "logs/day_reader.hpp"

namespace p2p::logs {
namespace {

constexpr unsigned kCountedBetweenTimeChecks = 1024;

/// Counts of one table's rows.
class Counts {
 public:
  void add(std::int64_t id, LogLevel level) {
    const auto row = static_cast<std::size_t>(id);
    LevelCounts& counts = row < kMaxKeptNames ? kept(row) : others_[id];
    ++counts[static_cast<std::size_t>(level)];
  }
  /// Each row that has any.
  template <class Visit>
  Result<void> each(const Visit& visit) const {
    for (std::size_t id = 0; id < kept_.size(); ++id) {
      if (total_of(kept_[id]) == 0) continue;
      if (auto done = visit(static_cast<std::int64_t>(id), kept_[id]); !done) return done;
    }
    for (const auto& [id, counts] : others_) {
      if (auto done = visit(id, counts); !done) return done;
    }
    return {};
  }

 private:
  LevelCounts& kept(std::size_t row) {
    if (row >= kept_.size()) kept_.resize(row + 1);
    return kept_[row];
  }
  std::vector<LevelCounts> kept_;
  std::unordered_map<std::int64_t, LevelCounts> others_;
};

}  // namespace

/// Counts by row ids, which costs no look at a name.
class DayReader::Tally {
 public:
  Tally(const Wanted& wanted, LogLevel minimum, LogStats& into) : wanted_(wanted), minimum_(minimum), into_(into) {}

  void add(std::int64_t node, std::int64_t logger, LogLevel level, WallTime received_at) {
    if (level < minimum_ || !allows(wanted_.nodes, node) || !allows(wanted_.loggers, logger)) return;
    into_.add(received_at, level);
    nodes_.add(node, level);
    loggers_.add(logger, level);
  }

  /// Once, when all are counted.
  Result<void> give_names(DayReader& reader) {
    const auto into = [&reader](Names& names, LogStats::ByName& out) {
      return [&](std::int64_t id, const LevelCounts& counts) -> Result<void> {
        const auto name = reader.name_of(names, id);
        if (!name) return name.error();
        logs::add(out[*name], counts);
        return {};
      };
    };
    if (auto named = nodes_.each(into(reader.nodes_, into_.nodes)); !named) return named;
    return loggers_.each(into(reader.loggers_, into_.loggers));
  }

 private:
  static bool allows(const std::vector<char>& allowed, std::int64_t id) {
    const auto row = static_cast<std::size_t>(id);
    return allowed.empty() || (row < allowed.size() && allowed[row] != 0);
  }

  const Wanted& wanted_;
  const LogLevel minimum_;
  LogStats& into_;
  Counts nodes_, loggers_;
};

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
      const LogRecord& record = stored.record;
      into.add(record.received_at, record.level);
      const auto level = static_cast<std::size_t>(record.level);
      ++into.nodes[record.node_id][level];
      ++into.loggers[record.logger_name][level];
      return true;
    });
  }
  for (const auto& loaded : {load_names(nodes_), load_names(loggers_), narrow_to_time(*request.filter, request)}) {
    if (!loaded) return loaded.error();
  }
  const auto wanted = wanted_by(*request.filter);
  if (!wanted) return wanted.error();
  if (wanted->nothing) return ScanEnd{};
  const bool errors_only = request.filter->spec().minimum_level >= LogLevel::error;
  auto rows = database_.prepare(fmt::format(
      "SELECT number, node, logger, level, received_at FROM records {} number BETWEEN ?1 AND ?2 ORDER BY number",
      errors_only ? "INDEXED BY errors WHERE level >= 17 AND" : "NOT INDEXED WHERE"));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(request.lowest));
  rows->bind(2, static_cast<std::int64_t>(request.highest));
  Tally tally(*wanted, request.filter->spec().minimum_level, into);
  ScanEnd end;
  for (unsigned counted = 1; end.complete; ++counted) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) break;
    tally.add(rows->integer(1), rows->integer(2), level_of_severity(rows->integer(3)),
              WallTime{std::chrono::nanoseconds{rows->integer(4)}});
    if (counted % kCountedBetweenTimeChecks == 0 && request.out_of_time())
      end = ScanEnd{false, static_cast<std::uint64_t>(rows->integer(0))};
  }
  if (const auto named = tally.give_names(*this); !named) return named.error();
  return end;
}

}  // namespace p2p::logs
