#include "logs/node_log.hpp"

#include <fcntl.h>

#include <thread>

#include "log_testing.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_writer();
    ::close(read_end);
  }
  void close_writer() {
    if (write_end >= 0) ::close(std::exchange(write_end, -1));
  }
  std::string read_all() {
    close_writer();
    std::string out;
    char part[4096];
    for (ssize_t count; (count = ::read(read_end, part, sizeof part)) > 0;)
      out.append(part, static_cast<std::size_t>(count));
    return out;
  }
};

}  // namespace

TEST_CASE("a node's lines go to stderr and, numbered, to the consumer; early ones too") {
  TestClock clock;
  Pipe pipe;
  std::vector<LogRecord> records;
  {
    NodeLog log(clock, LogLevel::info, LineStyle::plain, pipe.write_end);
    const Logger logger(log, "Network");
    logger.info("started on port {}", 8001);
    logger.debug("not wanted");
    log.attach("worker-1", 5, [&](const LogRecord& record, const SourcePosition&) { records.push_back(record); });
    log.set_level(LogLevel::debug);
    logger.debug("wanted\n\x1b[2J now");
    log.detach();
    logger.error("not shipped");
  }
  CHECK(pipe.read_all() ==
        "2026-01-02T03:04:05.000Z INFO     Network: started on port 8001\n"
        "2026-01-02T03:04:05.000Z DEBUG    Network: wanted\\n\\x1b[2J now\n"
        "2026-01-02T03:04:05.000Z ERROR    Network: not shipped\n");
  REQUIRE(records.size() == 2);
  CHECK(records[0].message == "started on port 8001");
  CHECK(records[0].node_id == "worker-1");
  CHECK(records[0].seq == 5);
  CHECK(records[1].seq == 6);
  CHECK(records[1].level == LogLevel::debug);
  CHECK(records[1].message == "wanted\n\x1b[2J now");  // escaped where it is shown, not where it is kept
}

TEST_CASE("many threads get rising numbers without holes") {
  TestClock clock;
  Pipe pipe;
  std::vector<std::uint64_t> seqs;
  NodeLog log(clock, LogLevel::critical, LineStyle::plain, pipe.write_end);
  log.attach("n", 1, [&](const LogRecord& record, const SourcePosition&) { seqs.push_back(record.seq); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        LogRecord record;
        record.message = "x";
        log.submit(std::move(record));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(seqs.size() == 2000);
  for (std::size_t i = 0; i < seqs.size(); ++i) REQUIRE(seqs[i] == i + 1);
}

TEST_CASE("a stderr that stands still stops nobody") {
  TestClock clock;
  Pipe pipe;
  std::uint64_t shipped = 0;
  std::thread reader;
  {
    NodeLog log(clock, LogLevel::info, LineStyle::plain, pipe.write_end);
    log.attach("n", 1, [&](const LogRecord&, const SourcePosition&) { ++shipped; });
    const Logger logger(log, "L");
    // Far more than a pipe (64 KiB) and the queue hold; this returns although nobody reads.
    for (int i = 0; i < 20'000; ++i) logger.info("line {} {}", i, std::string(100, 'x'));
    CHECK(shipped == 20'000);
    reader = std::thread([&] {
      char part[65536];
      while (::read(pipe.read_end, part, sizeof part) > 0) {
      }
    });
  }
  pipe.close_writer();
  reader.join();
}
