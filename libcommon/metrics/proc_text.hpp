// Reads the kernel's figures out of the text of /proc files (proc(5)). Pure; whoever calls has read the file.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace p2p::metrics {

/// Of /proc/<pid>/stat; ticks are of sysconf(_SC_CLK_TCK), pages of sysconf(_SC_PAGESIZE).
struct ProcessStat {
  std::uint64_t user_ticks = 0, system_ticks = 0;
  std::uint64_t thread_count = 0;
  std::uint64_t start_ticks = 0;  ///< after boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
Result<ProcessStat> parse_process_stat(std::string_view text);

/// Of /proc/stat: ticks of all processors together since boot, and when that was.
struct HostStat {
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  std::uint64_t boot_time = 0;  ///< seconds since 1970
};
Result<HostStat> parse_host_stat(std::string_view text);

/// Of /proc/meminfo.
struct MemoryStat {
  std::uint64_t total_bytes = 0, available_bytes = 0;
};
Result<MemoryStat> parse_meminfo(std::string_view text);

/// Of /proc/loadavg: over 1, 5 and 15 minutes.
Result<std::array<double, 3>> parse_load_average(std::string_view text);

}  // namespace p2p::metrics
