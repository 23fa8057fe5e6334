#include "services/admission.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <vector>

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Entered = Result<Admission::Permit>;

struct AdmissionFixture {
  Admission admission{1, 2};
  asio::io_context loop;

  /// Starts a call and lets it get as far as it can.
  struct Attempt {
    std::optional<Entered> result;
    asio::cancellation_signal cancel;
  };
  std::unique_ptr<Attempt> enter(Monotonic deadline = Monotonic::max()) {
    auto attempt = std::make_unique<Attempt>();
    Attempt* raw = attempt.get();
    asio::co_spawn(loop, admission.enter(deadline),
                   asio::bind_cancellation_slot(raw->cancel.slot(), [raw](std::exception_ptr failure, Entered entered) {
                     if (!failure) raw->result.emplace(std::move(entered));
                   }));
    settle();
    return attempt;
  }
  void settle() {
    loop.restart();
    while (loop.poll_one() > 0) {
    }
  }
};

TEST_CASE_FIXTURE(AdmissionFixture, "calls past the limit wait in order, past the queue they are refused at once") {
  auto first = enter();
  REQUIRE(first->result.has_value());
  auto second = enter();
  auto third = enter();
  CHECK_FALSE(second->result.has_value());
  auto fourth = enter();
  CHECK(fourth->result->error().kind() == Errc::limited);
  first->result.reset();
  settle();
  REQUIRE(second->result.has_value());
  CHECK(second->result->has_value());
  CHECK_FALSE(third->result.has_value());
  second->result.reset();
  settle();
  CHECK(third->result->has_value());
}

TEST_CASE_FIXTURE(AdmissionFixture, "a call whose deadline passes leaves the queue") {
  auto first = enter();
  auto late = enter(std::chrono::steady_clock::now() - 1s);
  CHECK(late->result->error().kind() == Errc::timeout);
  auto next = enter();
  first->result.reset();
  settle();
  CHECK(next->result->has_value());
}

TEST_CASE_FIXTURE(AdmissionFixture, "a cancelled call leaves the queue or gives its place back") {
  auto first = enter();
  auto cancelled = enter();
  auto next = enter();
  cancelled->cancel.emit(asio::cancellation_type::terminal);
  settle();
  first->result.reset();
  settle();
  CHECK(next->result->has_value());
}

asio::awaitable<void> take_turns(Admission& admission, std::atomic<int>& inside, std::atomic<int>& most,
                                 std::atomic<int>& done) {
  for (int i = 0; i < 200; ++i) {
    Entered entered = co_await admission.enter(Monotonic::max());
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    --inside;
    ++done;
  }
}

TEST_CASE("loops share the places") {
  Admission admission(3, 100);
  std::atomic<int> inside = 0, most = 0, done = 0;
  asio::thread_pool one(1), two(1);
  for (int i = 0; i < 8; ++i) {
    asio::co_spawn(i % 2 == 0 ? one : two, take_turns(admission, inside, most, done), asio::detached);
  }
  one.join();
  two.join();
  CHECK(done == 1600);
  CHECK(most <= 3);
}

}  // namespace
}  // namespace p2p::services
