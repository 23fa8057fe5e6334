#include "membership/link.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <thread>

#include "../memory_channel.hpp"
#include "base/bytes.hpp"

namespace asio = boost::asio;
using namespace p2p;
using namespace p2p::membership;

namespace {

/// Two links over a channel in memory; the right one answers calls with `answer`.
struct Pair {
  asio::io_context context;
  NullLogSink log;
  std::shared_ptr<test::MemoryChannel> left_channel, right_channel;
  std::unique_ptr<Link> left, right;
  std::string records_at_right;
  bool keeps_records = false;
  std::string figures_at_right;
  std::vector<LinkRoom> kept;
  std::optional<Error> left_end, right_end;

  explicit Pair(std::function<asio::awaitable<std::string>(LinkCall)> answer, std::function<WallTime()> left_clock = {},
                std::function<WallTime()> right_clock = {}) {
    std::tie(left_channel, right_channel) = test::MemoryChannel::make_pair(context);
    left = std::make_unique<Link>(left_channel, handlers({}, std::move(left_clock)), log);
    right = std::make_unique<Link>(right_channel, handlers(std::move(answer), std::move(right_clock)), log);
    run(*left, left_end);
    run(*right, right_end);
  }
  LinkHandlers handlers(std::function<asio::awaitable<std::string>(LinkCall)> answer, std::function<WallTime()> clock) {
    LinkHandlers out;
    out.on_records = [this](std::string_view payload, LinkRoom room) {
      records_at_right += payload;
      if (keeps_records) kept.push_back(std::move(room));
    };
    out.on_logs = out.on_logs_reply = [](std::string_view) {};
    out.on_figures = [this](std::string_view payload) { figures_at_right += payload; };
    out.answer = std::move(answer);
    out.wall_clock = std::move(clock);
    return out;
  }
  void run(Link& link, std::optional<Error>& end) {
    auto task = run_and_settle(link, end);
    asio::co_spawn(context, std::move(task), asio::detached);
  }
  static asio::awaitable<void> run_and_settle(Link& link, std::optional<Error>& end) {
    auto running = link.run();
    end = co_await std::move(running);
    auto settling = link.settle();
    co_await std::move(settling);
  }
  /// Runs until nothing is left to do at once; timers of the links stay pending.
  void settle() {
    context.restart();
    while (context.poll_one() > 0) {
    }
  }
  /// Some turns of the loop, which never has nothing to do.
  void turn() {
    context.restart();
    for (int i = 0; i < 100; ++i) context.poll_one();
  }
  void finish() {
    left_channel->abort();
    context.restart();
    context.run();
  }
};

asio::awaitable<std::string> echo(LinkCall call) { co_return call.stated_caller + "|" + call.request; }

asio::awaitable<std::string> never(bool& cancelled) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  cancelled = true;
  co_return "";
}

/// Keeps what is reported.
struct KeptProgress final : ProgressSink {
  void report(std::string value) override { values.push_back(std::move(value)); }
  void dropped(std::uint64_t count) override { lost += count; }
  std::vector<std::string> values;
  std::uint64_t lost = 0;
};

void start_call(Pair& pair, std::uint32_t timeout_ms, std::optional<Result<std::string>>& out,
                ProgressSinkPtr progress = {}) {
  auto task = pair.left->call(LinkCall{"operator/alice;rpc:call", R"({"id":1})", timeout_ms, std::move(progress)});
  asio::co_spawn(pair.context, std::move(task),
                 [&out](std::exception_ptr, Result<std::string> outcome) { out = std::move(outcome); });
}

}  // namespace

TEST_CASE("figures go over the link, to who takes them") {
  Pair pair(echo);
  CHECK(pair.left->send(FrameKind::figures, "told"));
  pair.settle();
  CHECK(pair.figures_at_right == "told");
  CHECK_FALSE(pair.left_end.has_value());
  pair.finish();
}

TEST_CASE("a frame keeps its kind, id and payload") {
  const std::string message = encode_frame(FrameKind::call, 0x0102030405060708ULL, "payload");
  CHECK(to_hex(as_bytes(message).first(kFrameHeaderBytes)) == "040102030405060708");
  const auto frame = decode_frame(message);
  REQUIRE(frame.has_value());
  CHECK(frame->kind == FrameKind::call);
  CHECK(frame->id == 0x0102030405060708ULL);
  CHECK(frame->payload == "payload");
  for (std::size_t size = 0; size < kFrameHeaderBytes; ++size)
    CHECK_FALSE(decode_frame(message.substr(0, size)).has_value());
}

TEST_CASE("a call over a link with missing or wrong members is refused") {
  CHECK(decode_link_call(encode_link_call({"a", "b", 7}))->timeout_ms == 7);
  CHECK_FALSE(decode_link_call("").has_value());
  CHECK_FALSE(decode_link_call(to_text(*from_hex("a0"))).has_value());                  // {}
  CHECK_FALSE(decode_link_call(to_text(*from_hex("a16663616c6c657201"))).has_value());  // {"caller": 1}
  CHECK_FALSE(decode_link_call(std::string(64, '\x9f')).has_value());                   // endless nesting
}

TEST_CASE("a call is answered by the other end") {
  Pair pair(echo);
  std::optional<Result<std::string>> outcome;
  start_call(pair, 60'000, outcome);
  pair.settle();
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->has_value());
  CHECK(outcome->value() == R"(operator/alice;rpc:call|{"id":1})");
  pair.finish();
  CHECK(pair.left_end.has_value());
  CHECK(pair.right_end.has_value());
}

TEST_CASE("a call ends with a timeout, and the other end stops working on it") {
  bool cancelled = false;
  Pair pair([&](LinkCall) { return never(cancelled); });
  std::optional<Result<std::string>> outcome;
  start_call(pair, 1, outcome);
  while (!outcome || !cancelled) {
    pair.context.restart();
    pair.context.run_one();
  }
  CHECK(outcome->error().kind() == Errc::timeout);
  pair.finish();
}

TEST_CASE("calls come from another loop than the link's, and are given up there at any moment") {
  Pair pair(echo);
  auto work = asio::make_work_guard(pair.context);
  std::thread loop([&] { pair.context.run(); });
  asio::io_context callers;
  constexpr int kCalls = 20'000;
  int answered = 0, given_up = 0;
  for (int i = 0; i < kCalls; ++i) {
    asio::cancellation_signal give_up;
    std::optional<Result<std::string>> outcome;
    auto ended = [&](std::exception_ptr, Result<std::string> result) { outcome = std::move(result); };
    auto calling = pair.left->call({"operator/alice;rpc:call", std::to_string(i), 60'000});
    asio::co_spawn(callers, std::move(calling), asio::bind_cancellation_slot(give_up.slot(), std::move(ended)));
    callers.restart();
    for (int turn = 0; turn <= i % 64; ++turn) callers.poll_one();
    // On the caller's loop, where its owner would.
    if (i % 2 == 1 && !outcome) asio::post(callers, [&] { give_up.emit(asio::cancellation_type::terminal); });
    while (!outcome) {
      callers.restart();
      callers.run_one();
    }
    while (callers.poll_one() > 0) {
    }
    if (*outcome) {
      REQUIRE(outcome->value() == "operator/alice;rpc:call|" + std::to_string(i));
      ++answered;
    } else {
      REQUIRE(outcome->error().kind() == Errc::cancelled);
      ++given_up;
    }
  }
  CHECK(answered >= kCalls / 2);
  CHECK(answered + given_up == kCalls);
  asio::post(pair.context, [&] { pair.left_channel->abort(); });
  work.reset();
  loop.join();
}

TEST_CASE("a broken link fails the calls under way at once and cancels what it was answering") {
  bool cancelled = false;
  Pair pair([&](LinkCall) { return never(cancelled); });
  std::optional<Result<std::string>> outcome;
  start_call(pair, 60'000, outcome);
  pair.settle();
  CHECK_FALSE(outcome.has_value());
  pair.finish();
  REQUIRE(outcome.has_value());
  CHECK(outcome->error().kind() == Errc::unreachable);
  CHECK(cancelled);
}

TEST_CASE("the end of a link is told at once, not when the answers under way have come to theirs") {
  bool let_go = false;
  Pair pair([&](LinkCall) -> asio::awaitable<std::string> {
    // Does not hear that it is cancelled.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    while (!let_go) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return "too late";
  });
  std::optional<Result<std::string>> outcome;
  start_call(pair, 60'000, outcome);
  pair.turn();
  pair.left_channel->abort();
  pair.turn();
  CHECK(pair.right_end.has_value());
  let_go = true;
  pair.context.restart();
  pair.context.run();
}

TEST_CASE("the calls over a link that is given up end at once, though its other end does not hear of it") {
  bool cancelled = false;
  Pair pair([&](LinkCall) { return never(cancelled); });
  pair.left_channel->swallows = true;
  std::optional<Result<std::string>> under_way, later;
  start_call(pair, 60'000, under_way);
  pair.settle();
  pair.left->give_up("its way is dead");
  pair.settle();
  REQUIRE(under_way.has_value());
  CHECK(under_way->error().kind() == Errc::unreachable);
  start_call(pair, 60'000, later);
  pair.settle();
  REQUIRE(later.has_value());
  CHECK(later->error().kind() == Errc::not_found);
  pair.finish();
}

TEST_CASE("that a ping is not answered is told once, long before the link is given up") {
  asio::io_context context;
  NullLogSink log;
  auto [near, far] = test::MemoryChannel::make_pair(context);
  int told = 0;
  LinkHandlers handlers;
  handlers.on_records = [](std::string_view, LinkRoom) {};
  handlers.on_logs = handlers.on_logs_reply = [](std::string_view) {};
  handlers.wall_clock = [] { return WallTime(); };
  handlers.on_silence = [&] {
    ++told;
    near->abort();
  };
  Link link(near, std::move(handlers), log);
  near->swallows = true;
  std::optional<Error> end;
  auto task = Pair::run_and_settle(link, end);
  asio::co_spawn(context, std::move(task), asio::detached);
  const auto begin = std::chrono::steady_clock::now();
  context.run();
  CHECK(told == 1);
  CHECK(std::chrono::steady_clock::now() - begin >= kLinkAnswerPatience);
  CHECK(end.has_value());
}

TEST_CASE("a retired link ends its calls before itself, and begins none") {
  bool let_go = false;
  Pair pair([&](LinkCall) -> asio::awaitable<std::string> {
    while (!let_go) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return "done";
  });
  std::optional<Result<std::string>> under_way, too_late;
  start_call(pair, 60'000, under_way);
  pair.turn();
  pair.left->retire();
  pair.turn();
  start_call(pair, 60'000, too_late);
  pair.turn();
  REQUIRE(too_late.has_value());
  CHECK(too_late->error().kind() == Errc::not_found);
  CHECK_FALSE(pair.left_end.has_value());
  let_go = true;
  pair.context.restart();
  pair.context.run();
  REQUIRE(under_way.has_value());
  REQUIRE(under_way->has_value());
  CHECK(under_way->value() == "done");
  CHECK(pair.left_end.has_value());
  CHECK(pair.right_end.has_value());
}

TEST_CASE("a link without calls retires at once") {
  Pair pair(echo);
  pair.settle();
  pair.left->retire();
  pair.context.restart();
  pair.context.run();
  CHECK(pair.left_end.has_value());
  CHECK(pair.right_end.has_value());
}

TEST_CASE("records arrive in order, unknown kinds are skipped, and a text message ends the link") {
  Pair pair(echo);
  CHECK(pair.left->send(FrameKind::records, "one "));
  CHECK(pair.left->send(static_cast<FrameKind>(200), "news from the future"));
  CHECK(pair.left->send(FrameKind::records, "two"));
  pair.settle();
  CHECK(pair.records_at_right == "one two");
  CHECK_FALSE(pair.right_end.has_value());
  pair.left_channel->send({false, "text"});
  pair.context.restart();
  pair.context.run();
  CHECK(pair.right_end.has_value());
}

TEST_CASE("a peer that sends more records than are worked off loses its link, and one that waits does not") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1 << 20}}) {
    CAPTURE(size);
    Pair pair(echo);
    const std::string payload(size, 'r');
    // A little less, and a little more, than what is allowed.
    const std::size_t few = kMaxLinkRecordsBacklog / (size + 1024), many = kMaxLinkRecordsBacklog / (size + 256) + 1;
    const auto send = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) pair.left->send(FrameKind::records, payload);
      pair.settle();
    };
    send(many);  // worked off as they come
    CHECK_FALSE(pair.right_end.has_value());
    pair.keeps_records = true;
    send(few);
    CHECK_FALSE(pair.right_end.has_value());
    pair.kept.clear();
    send(few);
    CHECK_FALSE(pair.right_end.has_value());
    pair.kept.clear();
    send(many);
    pair.context.restart();
    pair.context.run();
    CHECK(pair.right_end.has_value());
    CHECK(pair.kept.size() < many);
  }
}

TEST_CASE("each end measures how far the other's clock is off") {
  using namespace std::chrono_literals;
  const WallTime noon(1700000000s);
  Pair pair(
      echo, [&] { return noon; }, [&] { return noon + 90s; });
  CHECK_FALSE(pair.left->clock_offset().has_value());
  // The first ping goes out at once, by a timer that has to pass through the reactor.
  while (!pair.left->clock_offset() || !pair.right->clock_offset()) {
    pair.context.restart();
    pair.context.run_one();
  }
  // Half of the way there and back is added, and that is in memory.
  CHECK(*pair.left->clock_offset() >= 90s);
  CHECK(*pair.left->clock_offset() < 95s);
  CHECK(*pair.right->clock_offset() <= -85s);
  pair.finish();
}

TEST_CASE("a pong without a time, as of another version, or with nonsense says nothing of the clock") {
  using namespace std::chrono_literals;
  const auto measured = [](std::string payload) {
    asio::io_context context;
    NullLogSink log;
    auto [mine, theirs] = test::MemoryChannel::make_pair(context);
    bool seen = false;
    LinkHandlers handlers;
    handlers.on_records = [&](std::string_view, const LinkRoom&) { seen = true; };
    handlers.on_logs = handlers.on_logs_reply = [](std::string_view) {};
    handlers.wall_clock = [] { return WallTime(1700000000s); };
    Link link(mine, std::move(handlers), log);
    auto running = link.run();
    asio::co_spawn(context, std::move(running), asio::detached);
    auto answer = [](std::shared_ptr<test::MemoryChannel> other, std::string text) -> asio::awaitable<void> {
      const auto ping = co_await other->receive();
      other->send({true, encode_frame(FrameKind::pong, decode_frame(ping->data)->id, text)});
      other->send({true, encode_frame(FrameKind::records, 0, "")});
    };
    auto answering = answer(theirs, std::move(payload));
    asio::co_spawn(context, std::move(answering), asio::detached);
    while (!seen) context.run_one();
    const auto offset = link.clock_offset();
    mine->abort();
    context.run();
    return offset;
  };
  for (const char* payload : {"", "-5", "17x", " 1", "9223372036854775807", "99999999999999999999999"}) {
    CAPTURE(payload);
    CHECK_FALSE(measured(payload).has_value());
  }
  const auto right = measured("1700000090000");
  REQUIRE(right.has_value());
  CHECK(*right >= 90s);
}
TEST_CASE("progress comes over a link before the result, if the caller asks for it") {
  const auto kept = std::make_shared<KeptProgress>();
  std::vector<bool> asked;
  const auto working = [&](LinkCall call) -> asio::awaitable<std::string> {
    asked.push_back(call.progress != nullptr);
    if (call.progress) {
      for (int i = 1; i <= 70; ++i) call.progress->report(std::to_string(i));
    }
    co_return "done";
  };
  Pair pair(working);
  std::optional<Result<std::string>> streamed, plain;
  start_call(pair, 60'000, streamed, kept);
  pair.settle();
  REQUIRE(streamed.has_value());
  CHECK(streamed->value() == "done");
  CHECK(kept->values.size() == 64);
  CHECK(kept->values.front() == "7");
  CHECK(kept->values.back() == "70");
  CHECK(kept->lost == 6);
  start_call(pair, 60'000, plain);
  pair.settle();
  CHECK(plain->value() == "done");
  CHECK(asked == std::vector<bool>{true, false});
  // Of a call that is over, and of none.
  pair.right->send(FrameKind::progress, "1");
  pair.settle();
  CHECK(kept->values.size() == 64);
  pair.finish();
}

TEST_CASE("what the other side says of a failed call is bounded, and drives no terminal") {
  bool cancelled = false;
  Pair pair([&](LinkCall) { return never(cancelled); });
  std::optional<Result<std::string>> outcome;
  start_call(pair, 60'000, outcome);
  pair.settle();
  pair.right_channel->send({true, encode_frame(FrameKind::failed, 1, "\x1b[2J" + std::string(100'000, 'x'))});
  pair.settle();
  REQUIRE(outcome.has_value());
  REQUIRE_FALSE(outcome->has_value());
  const std::string& said = outcome->error().context;
  CHECK(said.starts_with("\\x1b[2Jxxx"));
  CHECK(said.size() < 400);
  pair.finish();
}
