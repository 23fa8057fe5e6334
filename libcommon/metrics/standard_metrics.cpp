#include "metrics/metrics_registry.hpp"

namespace p2p::metrics {
namespace {

void write_process(MetricsWriter& out, const ProcessFigures& now) {
  out.counter("process_cpu_seconds_total", "User and system CPU time of the process.", now.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory of the process.",
            static_cast<double>(now.resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory of the process.", static_cast<double>(now.virtual_bytes));
  out.gauge("process_threads", "Threads of the process.", static_cast<double>(now.thread_count));
  out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(now.descriptor_count));
  out.gauge("process_max_fds", "File descriptors that the process may open.",
            static_cast<double>(now.max_descriptor_count));
  out.gauge("process_start_time_seconds", "Start of the process since the Unix epoch.", now.start_time_seconds);
}

void write_host(MetricsWriter& out, const HostFigures& now) {
  const std::pair<const char*, std::uint64_t> modes[] = {
      {"user", now.cpu.user},     {"nice", now.cpu.nice}, {"system", now.cpu.system},   {"idle", now.cpu.idle},
      {"iowait", now.cpu.iowait}, {"irq", now.cpu.irq},   {"softirq", now.cpu.softirq}, {"steal", now.cpu.steal},
  };
  for (const auto& [mode, ticks] : modes) {
    out.counter("p2p_host_cpu_seconds_total", "CPU time of the host by mode, all processors together.",
                static_cast<double>(ticks) / now.ticks_per_second, {{"mode", mode}});
  }
  out.gauge("p2p_host_cpus", "Processors of the host.", now.cpu_count);
  out.gauge("p2p_host_memory_bytes", "Memory of the host.", static_cast<double>(now.memory.total_bytes));
  out.gauge("p2p_host_memory_available_bytes", "Memory that can be had without swapping.",
            static_cast<double>(now.memory.available_bytes));
  out.gauge("p2p_host_load1", "Load average over 1 minute.", now.load[0]);
  out.gauge("p2p_host_load5", "Load average over 5 minutes.", now.load[1]);
  out.gauge("p2p_host_load15", "Load average over 15 minutes.", now.load[2]);
  out.gauge("p2p_host_disk_size_bytes", "Size of the file system that holds home.",
            static_cast<double>(now.disk.size_bytes));
  out.gauge("p2p_host_disk_available_bytes", "What an ordinary user may still write there.",
            static_cast<double>(now.disk.available_bytes));
}

}  // namespace

void write_standard_metrics(MetricsWriter& out, const Figures& now, const std::string& version) {
  // What cannot be read is absent: a zero would look like a measurement.
  if (now.process) write_process(out, *now.process);
  if (now.host) write_host(out, *now.host);
  out.gauge("p2p_build_info", "Version of p2p that runs here.", 1, {{"version", version}});
}

}  // namespace p2p::metrics
