#include "net/task_group.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

using namespace p2p;
using namespace p2p::net;
namespace asio = boost::asio;

namespace {

struct LineSink final : LogSink {
  std::vector<std::string> lines;
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view, std::string message) override { lines.push_back(std::move(message)); }
};

asio::awaitable<void> wait_forever(bool& ended) {
  struct Note {
    bool& flag;
    ~Note() { flag = true; }
  } note{ended};
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

asio::awaitable<void> stop(TaskGroup& group, bool& all_ended) {
  all_ended = co_await group.stop(std::chrono::seconds(10));
}

}  // namespace

TEST_CASE("stop cancels every task and waits for it") {
  asio::io_context loop;
  NullLogSink log;
  TaskGroup group(loop.get_executor(), log);
  bool first = false, second = false, all_ended = false;
  group.start("first", wait_forever(first));
  group.start("second", wait_forever(second));
  loop.poll();
  CHECK(group.size() == 2);
  asio::co_spawn(loop, stop(group, all_ended), asio::detached);
  loop.restart();
  loop.run();
  CHECK(first);
  CHECK(second);
  CHECK(all_ended);
  group.start("late", wait_forever(first));
  CHECK(group.size() == 0);
}

TEST_CASE("an exception ends its task alone and is logged by name") {
  asio::io_context loop;
  LineSink log;
  TaskGroup group(loop.get_executor(), log);
  bool ended = false;
  group.start("gossip", fail());
  group.start("other", wait_forever(ended));
  loop.poll();
  CHECK(group.size() == 1);
  CHECK_FALSE(ended);
  REQUIRE(log.lines.size() == 1);
  CHECK(log.lines[0] == "task gossip ended: broken");
  group.cancel();
  loop.restart();
  loop.run();
  CHECK(ended);
}
