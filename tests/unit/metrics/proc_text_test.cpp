#include "metrics/proc_text.hpp"

#include <doctest/doctest.h>

namespace p2p::metrics {
namespace {

// The example of a process whose name tries to be clever; fields as numbered in proc(5).
constexpr char kStat[] =
    "4242 (a) b) S 1 4242 4242 0 -1 4194560 900 0 3 0 150 50 0 0 20 0 7 0 8000 123456789 2048 "
    "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST_CASE("a process's line is read past its name") {
  const ProcessStat stat = parse_process_stat(kStat).value();
  CHECK(stat.user_ticks == 150);
  CHECK(stat.system_ticks == 50);
  CHECK(stat.thread_count == 7);
  CHECK(stat.start_ticks == 8000);
  CHECK(stat.virtual_bytes == 123456789);
  CHECK(stat.resident_pages == 2048);
}

TEST_CASE("the host's processors, memory and load are read") {
  const HostStat host =
      parse_host_stat("cpu  10 2 30 400 5 6 7 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\nbtime 1700000000\n").value();
  CHECK(host.user == 10);
  CHECK(host.idle == 400);
  CHECK(host.steal == 8);
  CHECK(host.boot_time == 1700000000);
  const MemoryStat memory =
      parse_meminfo("MemTotal:       16000 kB\nMemFree:  10 kB\nMemAvailable:    8000 kB\n").value();
  CHECK(memory.total_bytes == 16384000);
  CHECK(memory.available_bytes == 8192000);
  CHECK(parse_load_average("0.25 1.50 12.00 1/234 5678\n").value() == std::array<double, 3>{0.25, 1.5, 12});
}

TEST_CASE("other text is refused, not guessed at") {
  for (const char* text :
       {"", "1 (a", "1 (a)", "1 (a) S 1 2 3", "1 (a) S x x x x x x x x x x x x x x x x x x x x x x"}) {
    CHECK(parse_process_stat(text).has_error());
  }
  for (const char* text : {"", "cpu 1 2 3\nbtime 1\n", "cpu 1 2 3 4 5 6 7 8\n", "cpu a b c d e f g h\nbtime 1\n"}) {
    CHECK(parse_host_stat(text).has_error());
  }
  CHECK(parse_meminfo("MemTotal: 5 kB\n").has_error());
  CHECK(parse_meminfo("MemTotal: 5\nMemAvailable: 5\n").has_error());
  CHECK(parse_load_average("1 2").has_error());
  CHECK(parse_load_average("a b c").has_error());
}

}  // namespace
}  // namespace p2p::metrics
