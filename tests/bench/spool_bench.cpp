// How fast a node's records go into its spool, out of it again, and over its cap: 200-byte messages, one thread.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/random.hpp"
#include "logs/log_shipper.hpp"
#include "logs/memory_spool.hpp"
#include "logs/spool/disk_spool.hpp"

namespace {

using namespace p2p;
using namespace p2p::logs;

constexpr std::uint64_t kRecords = 1'000'000;

class SteadyClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

double seconds_since(Monotonic begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::unique_ptr<DiskSpool> open_spool(const std::filesystem::path& folder, std::uint64_t max_bytes, Random& random) {
  NullLogSink* const sink = new NullLogSink;  // for as long as the program
  auto opened = DiskSpool::open({folder, max_bytes, current_boot(), {}}, random, *sink);
  if (opened) return std::move(*opened);
  fmt::print(stderr, "{}\n", opened.error().context);
  std::exit(1);
}

LogRecord record_of(std::uint64_t seq, LogLevel level = LogLevel::info) {
  LogRecord out;
  out.timestamp = WallTime{std::chrono::nanoseconds{1'700'000'000'000'000'000 + static_cast<std::int64_t>(seq)}};
  out.seq = seq;
  out.level = level;
  out.logger_name = "Bench";
  out.message = std::string(200, 'x');
  return out;
}

/// The time for kRecords calls of append(), which is what the program that logs waits for.
double append_all(LogShipper& shipper) {
  LogRecord record = record_of(0);
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    record.seq = shipper.next_seq();
    shipper.append(record);
  }
  return seconds_since(begin);
}

/// Reads as a shipper does; the records (not gaps) that came.
std::uint64_t drain(Spool& spool) {
  std::uint64_t records = 0;
  for (std::uint64_t next = spool.first_seq(); next <= spool.last_seq();) {
    if (spool.ready_to(next) < next) continue;
    const SpoolChunk chunk = spool.read_from(next, kBatchBytes);
    const auto message = decode(encode_records("n", chunk.item_count, chunk.items));
    for (const auto& item : std::get<RecordsMessage>(*message).items) records += item.index() == 0 ? 1 : 0;
    next = chunk.last_seq + 1;
    spool.mark_sent(chunk.last_seq);
    spool.acknowledge(chunk.last_seq);
  }
  return records;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = (argc > 1 ? argv[1] : ".") + std::string("/spool_bench");
  std::filesystem::remove_all(folder);
  SeededRandom random(1);
  const SteadyClock clock;
  {
    LogShipper shipper("n", std::make_unique<MemorySpool>(1, std::size_t{1} << 30), clock);
    fmt::print("append, memory only          {:>9.0f} records/s\n", kRecords / append_all(shipper));
  }
  {
    LogShipper shipper("n", open_spool(folder, std::uint64_t{1} << 30, random), clock);
    const auto begin = std::chrono::steady_clock::now();
    fmt::print("append, disk spool           {:>9.0f} records/s\n", kRecords / append_all(shipper));
    fmt::print("  all written after          {:>9.2f} s", seconds_since(begin));
  }
  auto begin = std::chrono::steady_clock::now();
  auto spool = open_spool(folder, std::uint64_t{1} << 30, random);
  fmt::print("\nrecovery of {:>4} MiB         {:>9.2f} s\n", spool->size_bytes() >> 20, seconds_since(begin));
  begin = std::chrono::steady_clock::now();
  const std::uint64_t drained = drain(*spool);
  fmt::print("drain                        {:>9.0f} records/s, {} of {} kept\n",
             static_cast<double>(drained) / seconds_since(begin), drained, kRecords);
  spool.reset();
  std::filesystem::remove_all(folder);
  {
    spool = open_spool(folder, 64 << 20, random);
    begin = std::chrono::steady_clock::now();
    for (std::uint64_t seq = 1; seq <= kRecords; ++seq) {
      const auto level = static_cast<LogLevel>(seq % 4);
      spool->append(seq, level, encode_item(record_of(seq, level)), {});
    }
    const double took = seconds_since(begin);
    spool.reset();
    fmt::print("append over a cap of 64 MiB  {:>9.0f} records/s, {:.2f} s with the rest\n", kRecords / took,
               seconds_since(begin));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
