// What the rate limiter costs: a million clients with an address each, then checks of random ones of them, from text to
// verdict. Prints time and memory; exits 1 when a check takes 1 us or the memory 64 MB.
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "base/system_clock.hpp"
#include "ratelimit/limiter.hpp"

using namespace p2p;
using namespace p2p::ratelimit;

namespace {

constexpr std::size_t kClients = 1'000'000;
constexpr std::size_t kChecks = 1'000'000;
constexpr double kMostNanoseconds = 1'000;
constexpr double kMostBytes = 64e6;

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096;
}

/// CPU time of this process, which other programs disturb less than the time that passes.
double cpu_nanoseconds() { return static_cast<double>(std::clock()) * 1e9 / CLOCKS_PER_SEC; }

/// Nanoseconds of CPU for each check of `count` clients in the order of `next`.
template <class Next>
double time_of(Limiter& limiter, std::size_t count, Next next) {
  const SystemClock clock;
  const double begin = cpu_nanoseconds();
  for (std::size_t i = 0; i < count; ++i) {
    limiter.take(Client::address(next(i)), LimitClass::default_, 1, 0, clock.monotonic());
  }
  return (cpu_nanoseconds() - begin) / static_cast<double>(count);
}

bool report(const char* family, const std::vector<std::string>& addresses) {
  SeededRandom random(1);
  const double before = resident_bytes();
  Limiter limiter({}, random);
  const double first =
      time_of(limiter, addresses.size(), [&](std::size_t i) { return std::string_view(addresses[i]); });
  std::vector<std::uint32_t> order(kChecks);
  for (auto& index : order) index = static_cast<std::uint32_t>(random.below(addresses.size()));
  const double again = time_of(limiter, kChecks, [&](std::size_t i) { return std::string_view(addresses[order[i]]); });
  std::vector<std::thread> threads;
  const double begin = cpu_nanoseconds();
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back(
        [&] { time_of(limiter, kChecks / 2, [&](std::size_t n) { return std::string_view(addresses[order[n]]); }); });
  }
  for (auto& thread : threads) thread.join();
  const double together = cpu_nanoseconds() - begin;
  const auto bytes = static_cast<double>(limiter.memory_bytes());
  const double grown = resident_bytes() - before - static_cast<double>(order.size() * sizeof(order.front()));
  fmt::print(
      "{}: {} clients: {:.0f} ns for the first check of each, {:.0f} ns for a random one, {:.0f} ns with 2 threads; "
      "{:.1f} MB of buckets, the process grew by {:.1f} MB\n",
      family, addresses.size(), first, again, together / kChecks, bytes / 1e6, grown / 1e6);
  return first < kMostNanoseconds && again < kMostNanoseconds && bytes < kMostBytes && grown < kMostBytes;
}

}  // namespace

int main() {
  std::vector<std::string> ip4(kClients), ip6(kClients);
  for (std::size_t i = 0; i < kClients; ++i) {
    ip4[i] = fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255);
    ip6[i] = fmt::format("2001:db8:{:x}:{:x}::1", i >> 16, i & 0xffff);
  }
  const bool fine4 = report("IPv4", ip4);
  const bool fine6 = report("IPv6", ip6);
  return fine4 && fine6 ? 0 : 1;
}
