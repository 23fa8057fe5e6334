#include "logs/local_shipping.hpp"

#include <fcntl.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "log_testing.hpp"
#include "logs/memory_spool.hpp"
#include "logs/node_log.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace asio = boost::asio;

namespace {

/// Outlives the log that writes to it.
struct NullDevice {
  const int descriptor = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ~NullDevice() { ::close(descriptor); }
};

}  // namespace

TEST_CASE_FIXTURE(StoreFixture, "the coordinator's own lines reach the store, the last ones before the end too") {
  const NullDevice nowhere;
  NodeLog log(clock, LogLevel::info, LineStyle::plain, nowhere.descriptor);
  const Logger logger(log, "Node");
  logger.info("starting");
  Hub hub(0);
  Collector collector(*store, hub, clock, log);
  LogShipper shipper("coordinator", std::make_unique<MemorySpool>(77), clock);
  log.attach("coordinator", shipper.next_seq(),
             [&](const LogRecord& record, const SourcePosition& position) { shipper.append(record, position); });

  asio::io_context loop;
  asio::cancellation_signal stop;
  asio::co_spawn(loop, ship_locally(shipper, collector, "coordinator", log),
                 asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  std::thread thread([&] { loop.run(); });
  std::thread writer([&] {
    for (int i = 0; i < 1000; ++i) logger.info("line {}", i);
  });
  writer.join();
  asio::post(loop, [&] {
    logger.info("stopping");
    stop.emit(asio::cancellation_type::terminal);
  });
  thread.join();  // ends because the task has ended
  collector.stop();
  log.detach();
  CHECK(sqlite(day(), "SELECT count(*), min(seq), max(seq), count(DISTINCT seq) FROM log WHERE logger_name = 'Node'") ==
        "1002|1|1002|1002\n");
  CHECK(sqlite(day(), "SELECT message FROM log ORDER BY number DESC LIMIT 1") == "stopping\n");
}
