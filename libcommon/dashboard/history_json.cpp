#include "dashboard/history_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace p2p::dashboard {
namespace {

using metrics::HistoryPoint;
using metrics::Range;
using metrics::Series;

/// The fleet's charts; memory is a node's affair.
constexpr Series kFleetSeries[] = {Series::cpu, Series::calls, Series::errors, Series::p99, Series::logs};

std::string_view name_of(Series series) { return metrics::kSeriesNames[static_cast<std::size_t>(series)]; }

void append_number(std::string& out, float value) {
  if (std::isfinite(value)) {
    // The rings keep no more digits.
    fmt::format_to(std::back_inserter(out), "{:.3g}", value);
  } else {
    out += "null";
  }
}

void open_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":");
}

template <class Value>
void append_array(std::string& out, std::int64_t first, std::int64_t last, Value value) {
  out += '[';
  for (std::int64_t step = first; step <= last; ++step) {
    if (step != first) out += ',';
    append_number(out, value(step));
  }
  out += ']';
}

/// The spark points that are over when `end` is: numbered by the time divided by their length.
std::int64_t last_spark(std::int64_t end) { return (end + 1) / kSparkSeconds - 1; }

float spark(const metrics::History& history, std::int64_t number) {
  return history.mean_of_seconds(number * kSparkSeconds, (number + 1) * kSparkSeconds, Series::cpu);
}

}  // namespace

std::string history_json(const metrics::FleetHistory& history, std::int64_t end) {
  constexpr auto kSeconds = static_cast<std::int64_t>(metrics::kRangeShapes[0].points);
  std::string out = fmt::format(R"({{"step":1,"end":{},"fleet":{{)", end);
  for (const Series series : kFleetSeries) {
    open_member(out, name_of(series));
    append_array(out, end - kSeconds + 1, end,
                 [&](std::int64_t second) { return history.fleet().at(Range::quarter_hour, second, series).mean; });
  }
  out += R"(},"nodes":{)";
  for (const auto& [name, node] : history.nodes()) {
    if (node.last_second() + kSparkPoints * kSparkSeconds < end) continue;
    open_member(out, name);
    out += R"({"cpu":)";
    append_array(out, last_spark(end) - kSparkPoints + 1, last_spark(end),
                 [&, &of = node](std::int64_t number) { return spark(of, number); });
    out += '}';
  }
  return out + "}}";
}

std::string history_point_json(const metrics::FleetHistory& history, std::int64_t end) {
  std::string out = fmt::format(R"({{"end":{},"fleet":{{)", end);
  for (const Series series : kFleetSeries) {
    open_member(out, name_of(series));
    append_number(out, history.fleet().at(Range::quarter_hour, end, series).mean);
  }
  out += '}';
  if ((end + 1) % kSparkSeconds == 0) {
    out += R"(,"nodes":{)";
    for (const auto& [name, node] : history.nodes()) {
      if (node.last_second() + kSparkSeconds < end) continue;
      open_member(out, name);
      out += R"({"cpu":)";
      append_number(out, spark(node, last_spark(end)));
      out += '}';
    }
    out += '}';
  }
  return out + "}";
}

std::string range_json(const metrics::History& history, metrics::Range range) {
  const auto step = metrics::kRangeShapes[static_cast<std::size_t>(range)].step_seconds;
  const std::int64_t last = history.last_step(range);
  const std::int64_t first = last - static_cast<std::int64_t>(history.points(range)) + 1;
  std::string out = fmt::format(R"({{"step":{},"end":{},"series":{{)", step, last * step);
  constexpr std::pair<std::string_view, float HistoryPoint::*> kParts[] = {
      {"min", &HistoryPoint::min}, {"mean", &HistoryPoint::mean}, {"max", &HistoryPoint::max}};
  for (std::size_t i = 0; i < metrics::kSeriesCount; ++i) {
    const auto series = static_cast<Series>(i);
    open_member(out, name_of(series));
    out += '{';
    for (const auto& [name, part] : kParts) {
      open_member(out, name);
      append_array(out, first, last, [&, of = part](std::int64_t at) { return history.at(range, at, series).*of; });
    }
    out += '}';
  }
  return out + "}}";
}

}  // namespace p2p::dashboard
