#include "logs/searches.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <vector>

#include "log_testing.hpp"
#include "logs/news_matches.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace asio = boost::asio;

namespace {

/// One thread that is held up, so that what is asked for meanwhile waits.
struct SearchesFixture {
  Searches searches{1};
  asio::io_context loop;
  std::vector<std::string> order;
  std::promise<void> begun;
  std::promise<void> release;

  asio::awaitable<void> hold() {
    auto work = [this](const IsGivenUp&) -> Result<bool> {
      begun.set_value();
      release.get_future().wait();
      return true;
    };
    auto running = searches.run("somebody", nullptr, std::move(work));
    co_await std::move(running);
  }
  asio::awaitable<void> ask(std::string asker, Searches::GivenUp given_up = nullptr) {
    auto work = [](const IsGivenUp&) -> Result<bool> { return true; };
    auto running = searches.run(asker, std::move(given_up), std::move(work));
    const auto done = co_await std::move(running);
    order.push_back(done ? asker : asker + ": " + done.error().context);
  }
  void start(asio::awaitable<void> work) {
    asio::co_spawn(loop, std::move(work), asio::detached);
    loop.poll();
  }
};

}  // namespace

TEST_CASE_FIXTURE(SearchesFixture, "who asks for much waits for himself: the others have their turns") {
  start(hold());
  begun.get_future().wait();
  for (const char* asker : {"much", "much", "much", "one", "other", "much"}) start(ask(asker));
  release.set_value();
  loop.run();
  CHECK(order == std::vector<std::string>{"much", "one", "other", "much", "much", "much"});
}

TEST_CASE_FIXTURE(SearchesFixture, "what was given up, or comes after the stop, is not looked for") {
  start(hold());
  begun.get_future().wait();
  const auto given_up = std::make_shared<std::atomic<bool>>(false);
  start(ask("a", given_up));
  start(ask("b"));
  *given_up = true;
  SUBCASE("given up") {
    release.set_value();
    loop.run();
    CHECK(order == std::vector<std::string>{"a: the search was given up", "b"});
  }
  SUBCASE("stopped") {
    searches.stop();
    release.set_value();
    loop.run();
    CHECK(order == std::vector<std::string>{"a: the search was given up", "b: the search was given up"});
  }
}

TEST_CASE_FIXTURE(SearchesFixture, "a search whose caller has gone hears of it") {
  asio::cancellation_signal gone;
  std::promise<void> heard;
  auto work = [this, &heard](const IsGivenUp& is_given_up) -> Result<bool> {
    begun.set_value();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!is_given_up() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    if (is_given_up()) heard.set_value();
    return true;
  };
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        auto running = searches.run("a", nullptr, work);
        co_await std::move(running);
      },
      asio::bind_cancellation_slot(gone.slot(), asio::detached));
  loop.poll();
  begun.get_future().wait();
  gone.emit(asio::cancellation_type::terminal);
  loop.run();
  CHECK(heard.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
}

TEST_CASE("of the newest records one at least is looked at, and the rest until the time is over") {
  FilterSpec spec;
  spec.regex = "^b";
  const Filter filter = Filter::make(spec).value();
  const auto batch = std::make_shared<CommittedBatch>();
  for (std::uint64_t number = 1; number <= 6; ++number) {
    batch->records.push_back({number, make_record(number, number % 2 == 0 ? "b" : "a")});
  }
  batch->last_number = 9;  // the last ones were removed again
  Hub::News news;
  news.batches = {batch};
  const NewsMatches all = find_matches(filter, news, 2, [] { return false; });
  CHECK(all.numbers == std::vector<std::uint64_t>{4, 6});
  CHECK(all.looked_up_to == 9);
  CHECK(all.has(4));
  CHECK_FALSE(all.has(5));
  int asked = 0;
  const NewsMatches some = find_matches(filter, news, 2, [&] { return ++asked == 2; });
  CHECK(some.numbers == std::vector<std::uint64_t>{4});
  CHECK(some.looked_up_to == 4);
  CHECK(find_matches(filter, news, 2, [] { return true; }).looked_up_to == 3);
}
