#include "metrics/proc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <vector>

namespace p2p::metrics {
namespace {

Error unreadable(std::string_view file) { return {Errc::damaged, fmt::format("{} has an unknown form", file)}; }

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto from = text.find_first_not_of(" \t\n");
    if (from == std::string_view::npos) return out;
    text.remove_prefix(from);
    const auto end = std::min(text.find_first_of(" \t\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// What follows `key` at the beginning of a line, to its end.
std::optional<std::string_view> line_after(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key)) return line.substr(key.size());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  // The name of the program stands in parentheses and may hold anything, spaces and parentheses included.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return unreadable("/proc/<pid>/stat");
  const auto fields = words(text.substr(name_end + 1));
  // fields[0] is the third of proc(5): state.
  const auto field = [&](std::size_t of_manual) -> std::optional<std::uint64_t> {
    const std::size_t index = of_manual - 3;
    return index < fields.size() ? number<std::uint64_t>(fields[index]) : std::nullopt;
  };
  const auto user = field(14), system = field(15), threads = field(20), start = field(22), size = field(23),
             resident = field(24);
  if (!user || !system || !threads || !start || !size || !resident) return unreadable("/proc/<pid>/stat");
  return ProcessStat{*user, *system, *threads, *start, *size, *resident};
}

Result<HostStat> parse_host_stat(std::string_view text) {
  const auto cpu = line_after(text, "cpu ");
  const auto boot = line_after(text, "btime ");
  const auto boot_time = boot ? number<std::uint64_t>(*boot) : std::nullopt;
  if (!cpu || !boot_time) return unreadable("/proc/stat");
  HostStat out;
  std::uint64_t* const slots[] = {&out.user,   &out.nice, &out.system,  &out.idle,
                                  &out.iowait, &out.irq,  &out.softirq, &out.steal};
  const auto fields = words(*cpu);
  if (fields.size() < std::size(slots)) return unreadable("/proc/stat");
  for (std::size_t i = 0; i < std::size(slots); ++i) {
    const auto ticks = number<std::uint64_t>(fields[i]);
    if (!ticks) return unreadable("/proc/stat");
    *slots[i] = *ticks;
  }
  out.boot_time = *boot_time;
  return out;
}

Result<MemoryStat> parse_meminfo(std::string_view text) {
  const auto kibibytes = [&](std::string_view key) -> std::optional<std::uint64_t> {
    const auto line = line_after(text, key);
    const auto fields = line ? words(*line) : std::vector<std::string_view>();
    if (fields.size() != 2 || fields[1] != "kB") return std::nullopt;
    return number<std::uint64_t>(fields[0]);
  };
  const auto total = kibibytes("MemTotal:"), available = kibibytes("MemAvailable:");
  if (!total || !available) return unreadable("/proc/meminfo");
  return MemoryStat{*total * 1024, *available * 1024};
}

Result<std::array<double, 3>> parse_load_average(std::string_view text) {
  const auto fields = words(text);
  std::array<double, 3> out{};
  if (fields.size() < out.size()) return unreadable("/proc/loadavg");
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto load = number<double>(fields[i]);
    if (!load) return unreadable("/proc/loadavg");
    out[i] = *load;
  }
  return out;
}

}  // namespace p2p::metrics
