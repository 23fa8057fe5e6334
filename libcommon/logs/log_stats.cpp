#include "logs/log_stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/rfc3339.hpp"
#include "logs/record_json.hpp"

namespace p2p::logs {
namespace {

constexpr std::array kLevels = {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error,
                                LogLevel::critical};

/// `"records":3,"levels":{…}`
void append_counts(std::string& out, const LevelCounts& counts) {
  fmt::format_to(std::back_inserter(out), "\"records\":{},\"levels\":{{", total_of(counts));
  for (const LogLevel level : kLevels) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", level == LogLevel::debug ? "" : ",", to_string(level),
                   counts[static_cast<std::size_t>(level)]);
  }
  out += '}';
}

void append_names(std::string& out, std::string_view member, std::string_view key, const LogStats::ByName& names,
                  std::size_t top) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", member);
  for (const NamedCounts& named : top_of(names, top)) {
    fmt::format_to(std::back_inserter(out), "{}{{\"{}\":", out.back() == '[' ? "" : ",", key);
    append_json_string(out, named.name);
    out += ',';
    append_counts(out, named.counts);
    out += '}';
  }
  out += ']';
}

Error damaged(std::string_view member) {
  return {Errc::damaged, fmt::format("the counts of records have no good \"{}\"", member)};
}

Result<LevelCounts> counts_of(const Json& object) {
  LevelCounts out{};
  const Json* levels = find_member(object, "levels");
  for (const LogLevel level : kLevels) {
    const auto count = levels == nullptr ? std::nullopt : find_unsigned(*levels, to_string(level));
    if (!count) return damaged("levels");
    out[static_cast<std::size_t>(level)] = *count;
  }
  return out;
}

Result<LogStats::ByName> names_of(const Json& answer, std::string_view member, std::string_view key) {
  LogStats::ByName out;
  const Json* entries = find_member(answer, member);
  if (entries == nullptr || !entries->is_array()) return damaged(member);
  for (const Json& entry : *entries) {
    const std::string* name = find_string(entry, key);
    const auto counts = counts_of(entry);
    if (name == nullptr || !counts) return damaged(member);
    out[*name] = *counts;
  }
  return out;
}

Result<WallTime> stats_time(const Json& answer, std::string_view member) {
  const std::string* text = find_string(answer, member);
  if (text == nullptr) return damaged(member);
  return parse_rfc3339(*text);
}

Result<void> read_histogram(const Json& answer, LogStats& out) {
  const Json* entries = find_member(answer, "histogram");
  const auto width = find_unsigned(answer, "bucket_seconds");
  if (entries == nullptr || !entries->is_array() || entries->size() > kMaxBuckets || !width || *width == 0 ||
      *width > INT32_MAX * std::uint64_t{1000})
    return damaged("histogram");
  out.buckets.width = std::chrono::seconds{*width};
  out.buckets.count = entries->size();
  for (const Json& entry : *entries) {
    const auto counts = counts_of(entry);
    if (!counts) return counts.error();
    out.histogram.push_back(*counts);
  }
  if (entries->empty()) return {};
  const auto begin = stats_time(entries->front(), "time");
  if (!begin) return begin.error();
  out.buckets.begin = *begin;
  return {};
}

void merge_names(LogStats::ByName& to, const LogStats::ByName& from) {
  for (const auto& [name, counts] : from) add(to, name, counts);
}

}  // namespace

std::uint64_t total_of(const LevelCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

void add(LevelCounts& to, const LevelCounts& counts) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += counts[i];
}

void add(LogStats::ByName& to, const std::string& name, const LevelCounts& counts) {
  const auto known = to.find(name);
  if (known != to.end())
    add(known->second, counts);
  else if (to.size() < kMaxCountedNames)
    to.emplace(name, counts);
}

LogStats LogStats::over(WallTime since, WallTime until, std::size_t max_buckets) {
  LogStats out;
  out.since = since;
  out.until = until;
  out.buckets = make_buckets(since, until, max_buckets);
  out.histogram.resize(out.buckets.count);
  return out;
}

void LogStats::add(WallTime received_at, LogLevel level, std::uint64_t count) {
  const auto index = static_cast<std::size_t>(level);
  levels[index] += count;
  if (!histogram.empty()) histogram[buckets.index_of(received_at)][index] += count;
}

Result<void> LogStats::merge(const LogStats& other) {
  if (buckets != other.buckets) return Error(Errc::invalid, "these counts are of different times");
  for (std::size_t i = 0; i < histogram.size(); ++i) logs::add(histogram[i], other.histogram[i]);
  logs::add(levels, other.levels);
  merge_names(nodes, other.nodes);
  merge_names(loggers, other.loggers);
  node_count = std::max({node_count, other.node_count, nodes.size()});
  logger_count = std::max({logger_count, other.logger_count, loggers.size()});
  return {};
}

std::vector<NamedCounts> top_of(const LogStats::ByName& counts, std::size_t limit) {
  std::vector<NamedCounts> out;
  for (const auto& [name, by_level] : counts) out.push_back({name, by_level});
  const auto middle = out.begin() + static_cast<std::ptrdiff_t>(std::min(limit, out.size()));
  std::partial_sort(out.begin(), middle, out.end(), [](const NamedCounts& a, const NamedCounts& b) {
    const auto of_a = total_of(a.counts), of_b = total_of(b.counts);
    return of_a != of_b ? of_a > of_b : a.name < b.name;
  });
  out.erase(middle, out.end());
  return out;
}

std::string stats_json(const LogStats& stats, std::size_t top, std::string_view cursor, bool more) {
  std::string out =
      fmt::format("{{\"since\":\"{}\",\"until\":\"{}\",", format_rfc3339(stats.since), format_rfc3339(stats.until));
  append_counts(out, stats.levels);
  out += fmt::format(",\"node_count\":{}", stats.node_count);
  append_names(out, "nodes", "node_id", stats.nodes, top);
  out += fmt::format(",\"logger_count\":{}", stats.logger_count);
  append_names(out, "loggers", "logger_name", stats.loggers, top);
  out += fmt::format(",\"bucket_seconds\":{},\"histogram\":[", stats.buckets.width.count());
  for (std::size_t i = 0; i < stats.histogram.size(); ++i) {
    out += fmt::format("{}{{\"time\":\"{}\",", i == 0 ? "" : ",", format_rfc3339(stats.buckets.start_of(i), 0));
    append_counts(out, stats.histogram[i]);
    out += '}';
  }
  out += ']';
  if (!cursor.empty()) out += fmt::format(",\"cursor\":\"{}\",\"more\":{}", cursor, more);
  return out + '}';
}

Result<StatsPart> parse_stats(const Json& answer) {
  StatsPart out;
  const auto since = stats_time(answer, "since");
  const auto until = stats_time(answer, "until");
  const auto levels = counts_of(answer);
  auto nodes = names_of(answer, "nodes", "node_id");
  auto loggers = names_of(answer, "loggers", "logger_name");
  const auto node_count = find_unsigned(answer, "node_count");
  const auto logger_count = find_unsigned(answer, "logger_count");
  if (!since || !until || !levels || !nodes || !loggers) return damaged("levels, nodes, loggers, since or until");
  if (!node_count || !logger_count) return damaged("node_count or logger_count");
  out.stats.since = *since;
  out.stats.until = *until;
  out.stats.levels = *levels;
  out.stats.nodes = std::move(*nodes);
  out.stats.loggers = std::move(*loggers);
  out.stats.node_count = *node_count;
  out.stats.logger_count = *logger_count;
  if (const auto read = read_histogram(answer, out.stats); !read) return read.error();
  if (const std::string* cursor = find_string(answer, "cursor")) out.cursor = *cursor;
  const Json* more = find_member(answer, "more");
  out.more = more != nullptr && more->is_boolean() && more->get<bool>();
  return out;
}

}  // namespace p2p::logs
