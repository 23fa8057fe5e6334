#include "logs/gap_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/json.hpp"

namespace p2p::logs {

void join_gap(std::optional<Gap>& sum, const Gap& gap) {
  if (!sum) {
    sum = gap;
    return;
  }
  sum->first_seq = std::min(sum->first_seq, gap.first_seq);
  sum->last_seq = std::max(sum->last_seq, gap.last_seq);
  for (std::size_t i = 0; i < gap.lost.size(); ++i) sum->lost[i] += gap.lost[i];
  sum->damaged += gap.damaged;
}

LogRecord gap_record(const Gap& gap, WallTime now) {
  std::string levels;
  Json counts = Json::object();
  for (std::size_t i = 0; i < gap.lost.size(); ++i) {
    if (gap.lost[i] == 0) continue;
    const auto level = to_string(static_cast<LogLevel>(i));
    levels += fmt::format("{}{} {}", levels.empty() ? "" : ", ", gap.lost[i], level);
    counts[std::string(level)] = gap.lost[i];
  }
  const auto total = std::accumulate(gap.lost.begin(), gap.lost.end(), std::uint64_t{0});
  LogRecord out;
  out.timestamp = now;
  out.seq = gap.first_seq;
  out.level = LogLevel::warning;
  out.logger_name = "LogShipping";
  if (total > 0 || gap.damaged == 0)
    out.message = fmt::format("lost {} records, the spool was full: {}", total, levels);
  if (gap.damaged > 0) {
    out.message += fmt::format("{}lost {} records, the spool was damaged", total > 0 ? "; " : "", gap.damaged);
    counts["damaged"] = gap.damaged;
  }
  out.attrs =
      dump_json(Json{{"gap", {{"first_seq", gap.first_seq}, {"last_seq", gap.last_seq}, {"lost", std::move(counts)}}}});
  return out;
}

}  // namespace p2p::logs
