#include "top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/text_width.hpp"
#include "natural_order.hpp"

namespace p2p::ctl {
namespace {

using cli::Cell;
using cli::member_text;
using cli::Style;

std::optional<double> number(const Json* object, const char* key) {
  const Json* value = object != nullptr ? find_member(*object, key) : nullptr;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

void read_figures(NodeLoad& load, const Json& figures, const std::string& start) {
  const Json* host = find_member(figures, "host");
  const Json* process = find_member(figures, "process");
  const Json* server = find_member(figures, "server");
  load.resident_bytes = process != nullptr ? find_unsigned(*process, "resident_bytes") : std::nullopt;
  if (server != nullptr) load.connections = find_unsigned(*server, "connections");
  if (host == nullptr) return;
  const auto total = number(host, "memory_total_bytes"), free = number(host, "memory_available_bytes");
  if (total && free && *total > 0) load.memory_percent = 100 * (*total - *free) / *total;
  if (const Json* averages = find_member(*host, "load");
      averages != nullptr && averages->is_array() && !averages->empty() && averages->front().is_number()) {
    load.load = averages->front().get<double>();
  }
  const Json* cpu = find_member(*host, "cpu_seconds");
  if (cpu == nullptr) return;
  Sample sample{start};
  for (const auto& [name, seconds] : cpu->items()) {
    if (!seconds.is_number()) continue;
    sample.total_seconds += seconds.get<double>();
    if (name != "idle" && name != "iowait") sample.busy_seconds += seconds.get<double>();
  }
  if (server != nullptr) sample.requests = find_unsigned(*server, "requests").value_or(0);
  load.sample = std::move(sample);
}

void compare(NodeLoad& load, const Sample& before, std::chrono::duration<double> elapsed) {
  const Sample& now = *load.sample;
  const double total = now.total_seconds - before.total_seconds;
  if (total > 0) load.cpu_percent = std::clamp(100 * (now.busy_seconds - before.busy_seconds) / total, 0.0, 100.0);
  if (now.start == before.start && elapsed.count() > 0 && load.connections && now.requests >= before.requests)
    load.requests_per_second = static_cast<double>(now.requests - before.requests) / elapsed.count();
}

bool is_busier(const NodeLoad& a, const NodeLoad& b) {
  const auto rank = [](const NodeLoad& load) { return load.cpu_percent ? std::round(*load.cpu_percent * 10) : -1; };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  const double x = a.load.value_or(-1), y = b.load.value_or(-1);
  return x != y ? x > y : natural_less(a.node, b.node);
}

template <class T>
Cell cell(const std::optional<T>& value, std::string_view format) {
  return value ? Cell{fmt::format(fmt::runtime(format), *value)} : Cell{"-", Style::dim};
}

Cell percent_cell(const std::optional<double>& value) {
  constexpr double kHigh = 75, kVeryHigh = 90;
  Cell out = cell(value, "{:.0f}%");
  if (value && *value >= kHigh) out.style = *value >= kVeryHigh ? Style::bad : Style::warn;
  return out;
}

/// Those that matter least come last, and go first where the width does not suffice.
struct TopColumn {
  cli::Heading heading;
  Cell (*cell)(const NodeLoad& load);
};
const TopColumn kTopColumns[] = {
    {{"NODE"}, [](const NodeLoad& load) { return Cell{load.node}; }},
    {{"STATUS"},
     [](const NodeLoad& load) {
       return Cell{load.status, cli::style_of_state(load.status)};
     }},
    {{"CPU", cli::Align::right}, [](const NodeLoad& load) { return percent_cell(load.cpu_percent); }},
    {{"MEMORY", cli::Align::right}, [](const NodeLoad& load) { return percent_cell(load.memory_percent); }},
    {{"LOAD", cli::Align::right}, [](const NodeLoad& load) { return cell(load.load, "{:.2f}"); }},
    {{"REQ/S", cli::Align::right}, [](const NodeLoad& load) { return cell(load.requests_per_second, "{:.0f}"); }},
    {{"CONNS", cli::Align::right}, [](const NodeLoad& load) { return cell(load.connections, "{}"); }},
    {{"UPTIME", cli::Align::right},
     [](const NodeLoad& load) {
       return load.uptime ? Cell{format_duration(*load.uptime)} : Cell{"-", Style::dim};
     }},
    {{"NODE RSS", cli::Align::right},
     [](const NodeLoad& load) {
       return load.resident_bytes ? Cell{format_bytes(*load.resident_bytes)} : Cell{"-", Style::dim};
     }},
    {{"VERSION"}, [](const NodeLoad& load) { return Cell{load.version}; }},
};

std::string table_of_loads(std::span<const NodeLoad> loads, std::span<const TopColumn> columns,
                           const cli::Surface& surface) {
  std::vector<cli::Heading> headings;
  for (const TopColumn& column : columns) headings.push_back(column.heading);
  std::vector<std::vector<Cell>> rows;
  for (const NodeLoad& load : loads) {
    auto& row = rows.emplace_back();
    for (const TopColumn& column : columns) row.push_back(column.cell(load));
  }
  return render_table(headings, rows, surface);
}

bool fits(std::string_view table, std::size_t width) {
  const auto lines = split(table, '\n');
  return std::all_of(lines.begin(), lines.end(), [&](const auto& line) { return cli::text_width(line) <= width; });
}

/// The columns that have room side by side.
std::span<const TopColumn> fitting_columns(std::span<const NodeLoad> loads, std::size_t width) {
  constexpr std::size_t kFewest = 2;
  std::span<const TopColumn> columns(kTopColumns);
  if (width == 0) return columns;
  while (columns.size() > kFewest && !fits(table_of_loads(loads, columns, {}), width))
    columns = columns.first(columns.size() - 1);
  return columns;
}

std::string headline(const std::vector<NodeLoad>& loads, const std::string& coordinator) {
  std::map<std::string, std::size_t> by_status;
  for (const NodeLoad& load : loads) ++by_status[load.status];
  std::string counts;
  for (const auto& [status, count] : by_status) counts += fmt::format(", {} {}", count, status);
  return fmt::format("{}: {} nodes{}", coordinator, loads.size(), counts);
}

}  // namespace

std::vector<NodeLoad> loads_of(const Json& nodes, const Json& answers, const std::map<std::string, Sample>& before,
                               std::chrono::duration<double> elapsed, WallTime now) {
  std::map<std::string, const Json*> figures;
  for (const Json& answer : answers) {
    if (const Json* result = find_member(answer, "result")) figures[member_text(answer, "node")] = result;
  }
  std::vector<NodeLoad> out;
  for (const Json& node : nodes) {
    NodeLoad& load = out.emplace_back();
    load.node = member_text(node, "node_id");
    load.role = member_text(node, "role");
    load.status = member_text(node, "status");
    load.version = member_text(node, "version");
    const std::string start = member_text(node, "started_at");
    if (const auto started = parse_rfc3339(start); started && load.status == "alive")
      load.uptime = std::max(std::chrono::floor<std::chrono::seconds>(now - *started), std::chrono::seconds(0));
    const auto found = figures.find(load.node);
    if (found == figures.end()) continue;
    read_figures(load, *found->second, start);
    const auto known = before.find(load.node);
    if (load.sample && known != before.end()) compare(load, known->second, elapsed);
  }
  std::sort(out.begin(), out.end(), is_busier);
  return out;
}

Json to_json(const NodeLoad& load) {
  const auto rounded = [](const std::optional<double>& value) {
    return value ? Json(std::round(*value * 100) / 100) : Json();
  };
  const auto whole = [](const auto& value) { return value ? Json(*value) : Json(); };
  return {{"node", load.node},
          {"role", load.role},
          {"status", load.status},
          {"version", load.version},
          {"uptime_seconds", load.uptime ? Json(load.uptime->count()) : Json()},
          {"cpu_percent", rounded(load.cpu_percent)},
          {"memory_percent", rounded(load.memory_percent)},
          {"load", rounded(load.load)},
          {"resident_bytes", whole(load.resident_bytes)},
          {"connections", whole(load.connections)},
          {"requests_per_second", rounded(load.requests_per_second)}};
}

std::string render_top(const std::vector<NodeLoad>& loads, const std::string& coordinator, const cli::Surface& surface,
                       std::size_t height) {
  constexpr std::size_t kOtherLines = 3;  // headline, headings, how many are left out
  const std::size_t room = height == 0 ? loads.size() : std::max(height, kOtherLines + 1) - kOtherLines;
  const std::span<const NodeLoad> shown(loads.data(), std::min(room, loads.size()));
  std::string out = cli::render_pairs({{headline(loads, coordinator), {""}}}, surface);
  out += table_of_loads(shown, fitting_columns(shown, surface.width), surface);
  if (shown.size() < loads.size()) out += fmt::format("and {} less busy\n", loads.size() - shown.size());
  return out;
}

}  // namespace p2p::ctl
