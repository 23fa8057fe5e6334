#include "metrics/figures.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <thread>

namespace p2p::metrics {
namespace {

TEST_CASE("the process's figures follow what it does") {
  const ProcessFigures before = read_process_figures().value();
  CHECK(before.resident_bytes > 100'000);
  CHECK(before.virtual_bytes >= before.resident_bytes);
  CHECK(before.max_descriptor_count > before.descriptor_count);
  CHECK(before.start_time_seconds <= static_cast<double>(std::time(nullptr)) + 1);
  const int extra = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(read_process_figures().value().descriptor_count == before.descriptor_count + 1);
  ::close(extra);
  CHECK(read_process_figures().value().descriptor_count == before.descriptor_count);
  std::uint64_t inside = 0;
  std::thread([&] { inside = read_process_figures().value().thread_count; }).join();
  CHECK(inside == before.thread_count + 1);
}

TEST_CASE("the host's figures are plausible") {
  const HostFigures host = read_host_figures("/").value();
  CHECK(host.cpu_count == std::thread::hardware_concurrency());
  CHECK(host.memory.total_bytes >= host.memory.available_bytes);
  CHECK(host.disk.size_bytes >= host.disk.available_bytes);
  CHECK(host.disk.size_bytes > 0);
  CHECK(read_host_figures("/no/such/folder").error().kind() == Errc::not_found);
}

}  // namespace
}  // namespace p2p::metrics
