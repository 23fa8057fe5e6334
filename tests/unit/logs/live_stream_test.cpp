#include "logs/live_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

#include "base/json.hpp"
#include "log_testing.hpp"
#include "logs/api.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace asio = boost::asio;

namespace {

/// A WebSocket whose other end is the test.
class TestChannel final : public net::Channel {
 public:
  explicit TestChannel(asio::any_io_executor executor) : executor_(std::move(executor)), arrived_(executor_) {}

  asio::awaitable<Result<net::Message>> receive() override {
    while (incoming_.empty() && !closed_) {
      arrived_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await arrived_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (incoming_.empty()) co_return Error(Errc::cancelled, "closed");
    net::Message out{false, incoming_.front()};
    incoming_.pop_front();
    co_return out;
  }
  bool send(net::Message message) override {
    const std::lock_guard lock(mutex_);
    if (closed_ || stuck_) return false;
    sent_.push_back(std::move(message.data));
    changed_.notify_all();
    return true;
  }
  std::size_t queued_bytes() const noexcept override { return 0; }
  void close(unsigned code, std::string) override {
    const std::lock_guard lock(mutex_);
    close_code_ = code;
    closed_ = true;
    arrived_.cancel();
  }
  void abort() override { close(1006, ""); }
  asio::any_io_executor executor() const override { return executor_; }
  const auth::Caller& peer() const noexcept override { return peer_; }

  // The test's end.
  void say(std::string text) {
    asio::post(executor_, [this, text = std::move(text)] {
      incoming_.push_back(text);
      arrived_.cancel();
    });
  }
  void leave() {
    asio::post(executor_, [this] { abort(); });
  }
  void stick(bool stuck) {
    const std::lock_guard lock(mutex_);
    stuck_ = stuck;
  }
  /// The next message as JSON; fails after ten seconds.
  Json next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return !sent_.empty(); })) FAIL("no message came");
    const Json out = Json::parse(sent_.front());
    sent_.pop_front();
    return out;
  }
  bool is_empty() {
    const std::lock_guard lock(mutex_);
    return sent_.empty();
  }
  unsigned close_code() {
    const std::lock_guard lock(mutex_);
    return close_code_;
  }

 private:
  asio::any_io_executor executor_;
  asio::steady_timer arrived_;
  std::deque<std::string> incoming_;
  auth::Caller peer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> sent_;
  std::atomic<bool> closed_{false};
  bool stuck_ = false;
  unsigned close_code_ = 0;
};

struct LiveFixture : StoreFixture {
  asio::io_context loop;
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  net::BlockingPool pool{1};
  Searches searches;
  std::unique_ptr<Hub> hub;
  std::vector<std::shared_ptr<TestChannel>> channels;
  std::thread thread;
  std::uint64_t seq = 0;

  ~LiveFixture() {
    for (const auto& channel : channels) channel->leave();
    work.reset();
    if (thread.joinable()) thread.join();  // every stream has ended
  }
  void start(std::size_t ring_bytes = kRingBytes) { hub = std::make_unique<Hub>(store->last_number(), ring_bytes); }
  std::shared_ptr<TestChannel> connect(const Json& first) {
    auto channel = std::make_shared<TestChannel>(loop.get_executor());
    channels.push_back(channel);
    asio::co_spawn(loop, serve_live(LogAccess{*store, *hub, pool, searches, clock}, channel), asio::detached);
    channel->say(first.dump());
    if (!thread.joinable()) thread = std::thread([this] { loop.run(); });
    return channel;
  }
  void log(int count, LogLevel level = LogLevel::info, const std::string& text = "m") {
    std::vector<LogRecord> records;
    for (int i = 0; i < count; ++i) records.push_back(make_record(++seq, text, level));
    auto committed = append({batch("a", std::move(records))});
    hub->publish(std::move(committed));
  }
};

/// Numbers of the cursors of the next records, until `count` of them have come.
std::vector<std::uint64_t> read(TestChannel& channel, std::size_t count) {
  std::vector<std::uint64_t> out;
  while (out.size() < count) {
    const Json message = channel.next();
    REQUIRE(message["type"] == "logs");
    for (const auto& record : message["logs"])
      out.push_back(parse_cursor(record["cursor"].get<std::string>()).value().number);
    if (!message["logs"].empty())
      CHECK(parse_cursor(message["cursor"].get<std::string>()).value().number >= out.back());
  }
  return out;
}

std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = first; i <= last; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(LiveFixture, "the last ones, then live") {
  start();
  log(20);
  const auto client = connect({{"last", 5}});
  CHECK(read(*client, 5) == range(16, 20));
  log(2);
  CHECK(read(*client, 2) == range(21, 22));
}

TEST_CASE_FIXTURE(LiveFixture, "the last ten thousand are more than the store gives at a time, and all come") {
  start();
  for (int i = 0; i < 11; ++i) log(1000, i % 2 == 0 ? LogLevel::info : LogLevel::error, std::string(200, 'm'));
  CHECK(read(*connect({{"last", 10'000}}), 10'000) == range(1001, 11'000));
  // Of the five thousand that match, also those between the others.
  std::vector<std::uint64_t> errors;
  for (std::uint64_t first = 1001; first < 11'000; first += 2000) {
    const auto some = range(first, first + 999);
    errors.insert(errors.end(), some.begin(), some.end());
  }
  CHECK(read(*connect({{"last", 10'000}, {"level", "ERROR"}}), 5000) == errors);
}

TEST_CASE_FIXTURE(LiveFixture, "without history an empty first message brings the cursor") {
  start();
  log(3);
  const auto client = connect(Json::object());
  const Json first = client->next();
  CHECK(first["logs"].empty());
  CHECK(first["cursor"] == store->cursor(3).to_text());
  log(1);
  CHECK(read(*client, 1) == range(4, 4));
}

TEST_CASE_FIXTURE(LiveFixture, "a client that comes back with its cursor gets everything since, once") {
  start();
  log(600);
  const auto client = connect({{"cursor", store->cursor(10).to_text()}});
  log(600);
  CHECK(read(*client, 1190) == range(11, 1200));
}

TEST_CASE_FIXTURE(LiveFixture, "a filter decides, and only matching records travel") {
  start();
  log(3);
  const auto client = connect({{"level", "ERROR"}, {"text", "DISK"}, {"last", 10}});
  CHECK(client->next()["logs"].empty());
  log(2, LogLevel::error, "other");
  log(1, LogLevel::error, "disk full");
  CHECK(read(*client, 1) == range(6, 6));
}

TEST_CASE_FIXTURE(LiveFixture,
                  "history and live are one stream while records keep coming, whatever the reader's pace") {
  start(64 << 10);  // a small ring: slow readers fall out of it and read the store
  log(100);
  const auto fast = connect({{"last", 100}});
  const auto slow = connect({{"cursor", store->cursor(0).to_text()}});
  slow->stick(true);
  CHECK(read(*fast, 100) == range(1, 100));
  for (int i = 0; i < 100; ++i) log(30);
  slow->stick(false);
  for (int i = 0; i < 20; ++i) log(30);
  CHECK(read(*fast, 3600) == range(101, 3700));
  CHECK(read(*slow, 3700) == range(1, 3700));
}

TEST_CASE_FIXTURE(LiveFixture, "messages stay small, whatever is in them") {
  start();
  const auto client = connect(Json::object());
  client->next();
  log(40, LogLevel::info, std::string(kMaxMessageBytes, '\x01'));  // six bytes each in JSON
  std::uint64_t expected = 1;
  while (expected <= 40) {
    const Json message = client->next();
    CHECK(message.dump().size() < (1 << 20));
    for (const auto& record : message["logs"])
      CHECK(parse_cursor(record["cursor"].get<std::string>()).value().number == expected++);
  }
}

TEST_CASE_FIXTURE(LiveFixture, "what cannot be served is said before the close") {
  start();
  log(1);
  const Json requests[] = {
      {{"regex", "("}},    {{"cursor", "nonsense"}}, {{"cursor", "0000000000000000-1"}},
      {{"level", "LOUD"}}, {{"node", "misspelt"}},   Json::array(),
      {{"cursor", 7}},     {{"last", "50"}},         {{"last", 10'001}},
  };
  for (const auto& request : requests) {
    const auto client = connect(request);
    const Json answer = client->next();
    CHECK(answer["type"] == "error");
    CHECK(answer["status"] == 400);
    CHECK_FALSE(answer["detail"].get<std::string>().empty());
  }
}

TEST_CASE_FIXTURE(LiveFixture, "an expired cursor is told from a wrong one") {
  options.retention = std::chrono::days{1};
  reopen();
  start();
  for (int i = 0; i < 4; ++i) {
    log(1);
    clock.advance(std::chrono::hours{24});
  }
  while (store->retain_some().value()) {
  }
  const auto client = connect({{"cursor", store->cursor(1).to_text()}});
  const Json answer = client->next();
  CHECK(answer["status"] == 404);
  CHECK(answer["detail"].get<std::string>().find("expired") != std::string::npos);
}

TEST_CASE_FIXTURE(LiveFixture, "an expression finds what it should, and who has one holds up nobody else") {
  start();
  const auto others = connect({{"level", "INFO"}});
  const auto mine = connect({{"regex", "full: [0-9]+%$"}});
  CHECK(others->next()["logs"].empty());
  CHECK(mine->next()["logs"].empty());
  std::promise<void> begun, release;
  const auto released = release.get_future().share();
  // Somebody's search takes long, on each of the threads.
  for (std::size_t i = 0; i < kSearchThreads; ++i) {
    auto hold = [this, released, &begun, i]() -> asio::awaitable<void> {
      auto looking = [released, &begun, i](const IsGivenUp&) -> Result<bool> {
        if (i + 1 == kSearchThreads) begun.set_value();
        released.wait();
        return true;
      };
      auto running = searches.run("somebody", nullptr, std::move(looking));
      co_await std::move(running);
    };
    asio::co_spawn(loop, std::move(hold), asio::detached);
  }
  begun.get_future().wait();
  log(1, LogLevel::info, "disk full: 91%");
  log(1, LogLevel::info, "disk full");
  log(1, LogLevel::info, "disk full: 92%");
  CHECK(read(*others, 3) == range(1, 3));
  CHECK(mine->is_empty());
  release.set_value();
  CHECK(read(*mine, 2) == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE_FIXTURE(StoreFixture, "parameters of /api/logs") {
  append({batch("a", {make_record(1), make_record(2), make_record(3)})});
  const auto ask = [&](const Json& parameters) {
    return parse_query(json_parameters(parameters), *store, clock.wall());
  };
  CHECK(ask(Json::object())->order == Order::tail);
  CHECK(ask(Json::object())->limit == 100);
  const std::string cursor = store->cursor(2).to_text();
  CHECK(ask({{"cursor", cursor}})->order == Order::forward);
  CHECK(ask({{"cursor", cursor}, {"order", "desc"}})->position == 2);
  CHECK(ask({{"limit", 10'000}})->limit == 10'000);
  for (const Json& wrong : {Json{{"limit", 0}}, Json{{"limit", 10'001}}, Json{{"limit", "x"}}, Json{{"order", "up"}},
                            Json{{"order", "tail"}, {"cursor", cursor}}, Json{{"cursor", "x"}}})
    CHECK_FALSE(ask(wrong).has_value());
  const Json page = Json::parse(page_json(query(*ask({{"limit", 2}})), *store));
  CHECK(page["logs"].size() == 2);
  CHECK(page["logs"][1]["cursor"] == store->cursor(3).to_text());
  CHECK(page["cursor"] == store->cursor(3).to_text());
  CHECK(page["more"] == true);
  CHECK(Json::parse(page_json(Page{{}, 3, false}, *store))["logs"].empty());
}
