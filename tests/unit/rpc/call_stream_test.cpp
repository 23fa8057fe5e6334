// A call that is streamed, from its dispatcher to the reader of the other side, without a connection between.
#include "rpc/call_stream.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "rpc/dispatcher.hpp"
#include "rpc/streamed_answer.hpp"
#include "run.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Keeps what is written, or is a client that goes away.
struct KeptBody final : net::BodyWriter {
  asio::awaitable<Result<void>> write(std::string_view piece) override {
    co_await asio::post(asio::use_awaitable);
    if (gone) co_return Error(Errc::unreachable, "gone");
    pieces.emplace_back(piece);
    co_return Result<void>();
  }
  std::string text() const {
    std::string out;
    for (const std::string& piece : pieces) out += piece;
    return out;
  }
  std::vector<std::string> pieces;
  bool gone = false;
};

struct KeptSteps final : ProgressSink {
  void report(std::string value) override { values.push_back(std::move(value)); }
  void dropped(std::uint64_t count) override { lost += count; }
  std::vector<std::string> values;
  std::uint64_t lost = 0;
};

asio::awaitable<bool> write(net::StreamedBody& body, net::BodyWriter& out) {
  co_await body.write_to(out);
  co_return true;
}

/// Gives the other parts of the loop their turn after each step.
asio::awaitable<Outcome> three_steps(ProgressSinkPtr progress) {
  for (const char* value : {"1", "\"two\"", "{\"three\":\n3}"}) {
    progress->report(value);
    for (int i = 0; i < 5; ++i) co_await asio::post(asio::use_awaitable);
  }
  co_return "\"done\"";
}

TEST_CASE("progress is written as it comes, then the response, once") {
  CallStream stream(three_steps, "\"x\"");
  KeptBody body;
  CHECK(test::run(write(stream, body)));
  CHECK(body.pieces ==
        std::vector<std::string>{"event: progress\ndata: 1\n\n", "event: progress\ndata: \"two\"\n\n",
                                 "event: progress\ndata: {\"three\": 3}\n\n",
                                 "event: result\ndata: {\"jsonrpc\":\"2.0\",\"result\":\"done\",\"id\":\"x\"}\n\n"});
}

TEST_CASE("what a slow reader misses is counted") {
  const auto flood = [](ProgressSinkPtr progress) -> asio::awaitable<Outcome> {
    for (int i = 1; i <= 100; ++i) progress->report(std::to_string(i));
    co_return RpcError{Code::service_failed, "no"};
  };
  CallStream stream(flood, "7");
  KeptBody body;
  CHECK(test::run(write(stream, body)));
  CHECK(body.text().find("event: dropped\ndata: {\"dropped\":36}\n\nevent: progress\ndata: 37\n\n") == 0);
  CHECK(body.text().ends_with(
      "event: result\ndata: {\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"no\"},\"id\":7}\n\n"));
}

TEST_CASE("a client that goes away cancels the call") {
  bool cancelled = false;
  const auto endless = [&](ProgressSinkPtr progress) -> asio::awaitable<Outcome> {
    struct Note {
      bool& flag;
      ~Note() { flag = true; }
    } note{cancelled};
    progress->report("1");
    asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return "null";
  };
  CallStream stream(endless, "1");
  KeptBody body;
  body.gone = true;
  CHECK(test::run(write(stream, body)));
  CHECK(cancelled);
}

struct StreamedAnswerFixture {
  std::shared_ptr<KeptSteps> steps = std::make_shared<KeptSteps>();
  StreamedAnswer streamed{steps};
  net::Call call;
  net::Answer answer;

  StreamedAnswerFixture() {
    streamed.ask(call);
    answer.status = 200;
    answer.headers.set("Content-Type", "text/event-stream");
  }
  void come(std::string_view text) {
    answer.body += text;
    REQUIRE(call.on_body(answer).has_value());
  }
};

TEST_CASE_FIXTURE(StreamedAnswerFixture, "a streamed answer is its progress and its response") {
  CHECK(call.headers.get("Accept") == "text/event-stream");
  come("event: progress\ndata: {\"a\":");
  CHECK(steps->values.empty());
  come(
      "1}\n\nevent: dropped\ndata: {\"dropped\":12}\n\n:\n\nevent: news\ndata: 5\n\nevent: result\ndata: "
      "{\"id\":1}\n\n");
  CHECK(steps->values == std::vector<std::string>{"{\"a\":1}"});
  CHECK(steps->lost == 12);
  CHECK(answer.body.empty());
  CHECK(streamed.finish(answer).value() == "{\"id\":1}");
}

TEST_CASE_FIXTURE(StreamedAnswerFixture, "progress that is no JSON is not passed on") {
  come(
      "event: progress\ndata: {\"a\":\n\nevent: progress\ndata: 1\ndata: 2\n\nevent: progress\ndata: [1,\ndata: "
      "2]\n\n");
  CHECK(steps->values == std::vector<std::string>{"[1, 2]"});
  CHECK(steps->lost == 2);
}

TEST_CASE_FIXTURE(StreamedAnswerFixture, "a stream that ends without a result is an error") {
  come("event: progress\ndata: 1\n\nevent: result\ndata: {");
  CHECK(streamed.finish(answer).error().kind() == Errc::unreachable);
}

TEST_CASE_FIXTURE(StreamedAnswerFixture, "who knows no progress answers as ever") {
  answer.headers.set("Content-Type", "application/json");
  come("{\"id\":1}");
  CHECK(streamed.finish(answer).value() == "{\"id\":1}");
  CHECK(steps->values.empty());
}

struct StreamingDispatcher {
  Registry registry;
  NullLogSink log;
  Dispatcher dispatcher{{"w1", pki::Role::worker}, registry, nullptr, log};
  net::Request request;

  StreamingDispatcher() {
    Method work;
    work.name = "test.work";
    work.permission = auth::Permission::authenticated;
    work.handler = [](CallContext context) -> asio::awaitable<Outcome> {
      if (context.progress) context.progress->report("1");
      co_return context.params.empty() ? "null" : context.params;
    };
    registry.publish({"test", "1", "", true, {work}});
    request.caller.identity = pki::Identity{"p2p", pki::Role::worker, "w7"};
    request.headers.set("Accept", "text/event-stream");
  }
  net::Response post(std::string body) {
    request.method = net::Method::post;
    request.body = std::move(body);
    return test::run(dispatcher.handle(request));
  }
};

TEST_CASE_FIXTURE(StreamingDispatcher, "a call of a client that accepts an event stream is streamed") {
  const auto response = post(R"({"jsonrpc":"2.0","id":9,"method":"test.work","params":[5]})");
  CHECK(response.content_type == "text/event-stream");
  REQUIRE(response.streamed != nullptr);
  KeptBody body;
  CHECK(test::run(write(*response.streamed, body)));
  CHECK(body.text() ==
        "event: progress\ndata: 1\n\nevent: result\ndata: {\"jsonrpc\":\"2.0\",\"result\":[5],\"id\":9}\n\n");
}

TEST_CASE_FIXTURE(StreamingDispatcher,
                  "batches, notifications, calls to all and what is no call are answered as ever") {
  const std::string call = R"({"jsonrpc":"2.0","id":9,"method":"test.work"})";
  for (const std::string& body :
       {"[" + call + "]", std::string(R"({"jsonrpc":"2.0","method":"test.work"})"), std::string("{")}) {
    CHECK(post(body).streamed == nullptr);
  }
  CHECK(post(call).streamed != nullptr);
  request.headers.set("P2P-Target", "all");
  CHECK(post(call).streamed == nullptr);
  request.headers.clear();
  request.headers.set("Accept", "*/*");
  CHECK(post(call).streamed == nullptr);
}

}  // namespace
}  // namespace p2p::rpc
