// What this process and its host use at the moment.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "metrics/proc_text.hpp"

namespace p2p::metrics {

struct ProcessFigures {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t thread_count = 0;
  std::uint64_t descriptor_count = 0, max_descriptor_count = 0;
  double start_time_seconds = 0;  ///< since 1970
};

struct DiskFigures {
  std::uint64_t size_bytes = 0, available_bytes = 0;
};

struct HostFigures {
  HostStat cpu;
  double ticks_per_second = 100;
  unsigned cpu_count = 1;
  MemoryStat memory;
  std::array<double, 3> load{};
  DiskFigures disk;
};

/// A few system calls, which read /proc; any thread.
Result<ProcessFigures> read_process_figures();
/// `disk` is of the file system that holds `folder`.
Result<HostFigures> read_host_figures(const std::filesystem::path& folder);

/// Both, or why one of them could not be read. The file system of `folder` may hang: not for a loop.
struct Figures {
  // An aggregate could be made of one Error, and then no Result<Figures> of one.
  Figures(Result<ProcessFigures> of_process, Result<HostFigures> of_host)
      : process(std::move(of_process)), host(std::move(of_host)) {}
  Result<ProcessFigures> process;
  Result<HostFigures> host;
};
Figures read_figures(const std::filesystem::path& folder);

}  // namespace p2p::metrics
