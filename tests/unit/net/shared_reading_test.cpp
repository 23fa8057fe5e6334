#include "net/shared_reading.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

using namespace p2p;
using namespace p2p::net;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Two loops that ask for a number, whose reading waits until the test lets it go on.
struct Readers {
  explicit Readers(std::chrono::milliseconds patience)
      : reading(pool, "the number", patience, [this] {
          ++begun;
          may_end.wait(false);
          return ++number;
        }) {
    for (asio::io_context& loop : loops) threads.emplace_back([&loop] { loop.run(); });
  }
  ~Readers() {
    let_end();
    work.clear();
    for (std::thread& thread : threads) thread.join();
  }
  void let_end() {
    may_end = true;
    may_end.notify_all();
  }
  /// What was asked on the loops before has been begun.
  void settle() {
    for (asio::io_context& loop : loops) asio::post(loop, asio::use_future([] {})).get();
  }
  std::future<Result<int>> ask(std::size_t loop) {
    return asio::co_spawn(loops[loop], reading.read(), asio::use_future);
  }

  std::atomic<int> begun{0};
  std::atomic<bool> may_end{false};
  int number = 0;
  asio::io_context loops[2];
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work{asio::make_work_guard(loops[0]),
                                                                               asio::make_work_guard(loops[1])};
  BlockingPool pool{2};
  SharedReading<int> reading;
  std::vector<std::thread> threads;
};

}  // namespace

TEST_CASE("who asks while something is read shares the reading; who asks later has it read anew") {
  Readers readers(1min);
  std::vector<std::future<Result<int>>> answers;
  for (std::size_t i = 0; i < 20; ++i) answers.push_back(readers.ask(i % 2));
  readers.settle();
  readers.let_end();
  for (auto& answer : answers) CHECK(answer.get().value() == 1);
  CHECK(readers.ask(0).get().value() == 2);
}

TEST_CASE("a reading that hangs takes one thread of the pool, and nobody waits for it longer than his patience") {
  Readers readers(1ms);
  for (int i = 0; i < 50; ++i) {
    const auto answer = readers.ask(i % 2).get();
    REQUIRE(answer.has_error());
    CHECK(answer.error().kind() == Errc::timeout);
    CHECK(answer.error().context == "the number takes too long");
  }
  CHECK(readers.begun == 1);
  auto other = [](BlockingPool& pool) -> asio::awaitable<int> {
    auto work = [] { return 7; };
    auto running = pool.run(std::move(work));
    co_return co_await std::move(running);
  };
  CHECK(asio::co_spawn(readers.loops[0], other(readers.pool), asio::use_future).get() == 7);
  readers.let_end();
  const auto later = [&] { return readers.ask(1).get(); };
  auto answer = later();
  while (!answer) answer = later();
  CHECK(*answer >= 1);
}
