#include "metrics/figures.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

namespace p2p::metrics {
namespace {

namespace fs = std::filesystem;

/// Files of /proc have no size, so that they are read to their end.
Result<std::string> read_proc(const char* path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return system_error(errno, path);
  return std::move(content).str();
}

std::uint64_t count_descriptors() {
  std::error_code failure;
  std::uint64_t count = 0;
  for (fs::directory_iterator entry("/proc/self/fd", failure), end; !failure && entry != end;
       entry.increment(failure)) {
    ++count;
  }
  // One of them is the reading of the folder.
  return count > 0 ? count - 1 : 0;
}

}  // namespace

Result<ProcessFigures> read_process_figures() {
  const auto own = read_proc("/proc/self/stat");
  if (!own) return own.error();
  const auto stat = parse_process_stat(*own);
  if (!stat) return stat.error();
  const auto host = read_proc("/proc/stat");
  if (!host) return host.error();
  const auto boot = parse_host_stat(*host);
  if (!boot) return boot.error();
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessFigures out;
  out.cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks;
  out.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  out.virtual_bytes = stat->virtual_bytes;
  out.thread_count = stat->thread_count;
  out.descriptor_count = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.max_descriptor_count = limit.rlim_cur;
  out.start_time_seconds = static_cast<double>(boot->boot_time) + static_cast<double>(stat->start_ticks) / ticks;
  return out;
}

Result<HostFigures> read_host_figures(const fs::path& folder) {
  HostFigures out;
  const auto stat = read_proc("/proc/stat");
  if (!stat) return stat.error();
  auto cpu = parse_host_stat(*stat);
  if (!cpu) return cpu.error();
  out.cpu = *cpu;
  const auto memory_text = read_proc("/proc/meminfo");
  if (!memory_text) return memory_text.error();
  auto memory = parse_meminfo(*memory_text);
  if (!memory) return memory.error();
  out.memory = *memory;
  const auto load_text = read_proc("/proc/loadavg");
  if (!load_text) return load_text.error();
  auto load = parse_load_average(*load_text);
  if (!load) return load.error();
  out.load = *load;
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return system_error(errno, folder.string());
  out.disk = {disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize};
  out.ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.cpu_count = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
  return out;
}

Figures read_figures(const fs::path& folder) { return {read_process_figures(), read_host_figures(folder)}; }

}  // namespace p2p::metrics
