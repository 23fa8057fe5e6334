// Counting half of the day's reader.
#include <fmt/format.h>

#include "logs/day_reader.hpp"

namespace p2p::logs {
namespace {

constexpr unsigned kCountedBetweenTimeChecks = 1024;

/// Counts by row id become counts by name.
void name_counts(const std::vector<LevelCounts>& by_id, const std::vector<std::string>& names, LogStats::ByName& out) {
  for (std::size_t id = 0; id < by_id.size(); ++id) {
    if (total_of(by_id[id]) > 0) add(out[id < names.size() ? names[id] : std::string()], by_id[id]);
  }
}

}  // namespace

/// Counts by row ids, which costs no look at a name.
class DayReader::Tally {
 public:
  Tally(DayReader& reader, const Filter& filter, LogStats& into) : reader_(&reader), filter_(&filter), into_(&into) {
    const FilterSpec& spec = filter.spec();
    if (!spec.nodes.empty())
      reader.nodes_.matching([&](std::string_view name) { return filter.matches_node(name); }, allowed_nodes_);
    if (!spec.loggers.empty())
      reader.loggers_.matching([&](std::string_view name) { return filter.matches_logger(name); }, allowed_loggers_);
    nodes_.resize(reader.nodes_.by_id.size());
    loggers_.resize(reader.loggers_.by_id.size());
  }
  ~Tally() {
    name_counts(nodes_, reader_->nodes_.by_id, into_->nodes);
    name_counts(loggers_, reader_->loggers_.by_id, into_->loggers);
  }
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void add(std::size_t node, std::size_t logger, LogLevel level, WallTime received_at) {
    // A row id that no table has comes only from a damaged file.
    if (node >= nodes_.size() || logger >= loggers_.size()) return;
    if ((!allowed_nodes_.empty() && allowed_nodes_[node] == 0) ||
        (!allowed_loggers_.empty() && allowed_loggers_[logger] == 0) || level < filter_->spec().minimum_level)
      return;
    into_->add(received_at, level);
    ++nodes_[node][static_cast<std::size_t>(level)];
    ++loggers_[logger][static_cast<std::size_t>(level)];
  }

 private:
  DayReader* reader_;
  const Filter* filter_;
  LogStats* into_;
  std::vector<char> allowed_nodes_, allowed_loggers_;
  std::vector<LevelCounts> nodes_, loggers_;
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
  for (const auto& loaded :
       {load_names("nodes", nodes_), load_names("loggers", loggers_), narrow_to_time(*request.filter, request)}) {
    if (!loaded) return loaded.error();
  }
  const bool errors_only = request.filter->spec().minimum_level >= LogLevel::error;
  auto rows = database_.prepare(fmt::format(
      "SELECT number, node, logger, level, received_at FROM records {} number BETWEEN ?1 AND ?2 ORDER BY number",
      errors_only ? "INDEXED BY errors WHERE level >= 17 AND" : "NOT INDEXED WHERE"));
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(request.lowest));
  rows->bind(2, static_cast<std::int64_t>(request.highest));
  Tally tally(*this, *request.filter, into);
  const auto id_at = [&](int column) { return static_cast<std::size_t>(rows->integer(column)); };
  for (unsigned counted = 1;; ++counted) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return ScanEnd{};
    tally.add(id_at(1), id_at(2), level_of_severity(rows->integer(3)),
              WallTime{std::chrono::nanoseconds{rows->integer(4)}});
    if (counted % kCountedBetweenTimeChecks == 0 && request.out_of_time())
      return ScanEnd{false, static_cast<std::uint64_t>(rows->integer(0))};
  }
}

}  // namespace p2p::logs
