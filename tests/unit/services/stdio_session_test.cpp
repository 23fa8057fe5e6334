#include "services/stdio_session.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/json.hpp"

namespace p2p::services {
namespace {

using namespace std::chrono_literals;
using rpc::Code;
using rpc::Outcome;
using Phase = StdioSession::Phase;

struct StdioSessionFixture {
  Monotonic now{};
  Health health{};
  StdioSession session{{"t", R"({"service":"t"})", health}, now};
  std::vector<std::pair<std::uint64_t, Outcome>> answers;

  /// What was written since, a JSON value a line.
  std::vector<Json> written() {
    std::vector<Json> out;
    std::string& text = session.output();
    for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      out.push_back(parse_json(text.substr(0, end)).value());
    }
    CHECK(text.empty());
    return out;
  }
  void greet() {
    CHECK(session.receive(R"({"jsonrpc":"2.0","id":1,"result":{}})", now));
    REQUIRE(session.phase() == Phase::ready);
    written();
  }
  std::uint64_t call(std::string_view params = "{}", std::chrono::milliseconds timeout = 30s) {
    // Ids are given in turn, so the next is known.
    const auto id = std::make_shared<std::uint64_t>(0);
    *id = session.call({"run", std::string(params), "operator/alice", timeout},
                       [this, id](Outcome outcome) { answers.emplace_back(*id, outcome); });
    return *id;
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    session.tick(now);
  }
  std::string answer(std::uint64_t id, const std::string& result) {
    return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, result);
  }
};

TEST_CASE_FIXTURE(StdioSessionFixture, "it begins with initialize, whose answer means ready") {
  CHECK(written() ==
        std::vector<Json>{{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "initialize"}, {"params", {{"service", "t"}}}}});
  CHECK(session.phase() == Phase::starting);
  CHECK(session.receive(R"({"jsonrpc":"2.0","id":1,"result":{}})", now));
  CHECK(session.phase() == Phase::ready);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "who does not answer initialize in time, or refuses, is broken") {
  CHECK(session.next_wakeup() == now + 5s);
  SUBCASE("silence") {
    pass(5s);
    CHECK(session.flaw() == "did not answer initialize within 5000 ms");
  }
  SUBCASE("refusal") {
    session.receive(R"({"id":1,"error":{"code":1,"message":"no\ndatabase"}})", now);
    CHECK(session.flaw() == "refused to start: no\\ndatabase");
  }
  CHECK(session.phase() == Phase::broken);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "calls are answered in any order, byte for byte") {
  greet();
  const auto first = call("{\"a\":\n12345678901234567890123}");
  const auto second = call("[1]");
  CHECK(session.in_flight() == 2);
  CHECK(session.output().find("{\"a\": 12345678901234567890123}") != std::string::npos);
  const auto requests = written();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1] == Json{{"jsonrpc", "2.0"},
                            {"id", second},
                            {"method", "run"},
                            {"params", Json::array({1})},
                            {"caller", "operator/alice"}});
  CHECK(session.receive(answer(second, R"({"x": 1.50})"), now));
  CHECK(session.receive(answer(first, "null"), now));
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].first == second);
  CHECK(answers[0].second.value() == R"({"x": 1.50})");
  CHECK(answers[1].second.value() == "null");
}

TEST_CASE_FIXTURE(StdioSessionFixture, "a service's error passes, but not with a code that only a node may use") {
  greet();
  const auto own = call(), posing = call(), params = call();
  session.receive(fmt::format(R"({{"id":{},"error":{{"code":7,"message":"m","data":[1]}}}})", own), now);
  session.receive(fmt::format(R"({{"id":{},"error":{{"code":-32006,"message":"m"}}}})", posing), now);
  session.receive(fmt::format(R"({{"id":{},"error":{{"code":-32602,"message":"m"}}}})", params), now);
  REQUIRE(answers.size() == 3);
  CHECK(static_cast<int>(answers[0].second.error().code) == 7);
  CHECK(answers[0].second.error().data == "[1]");
  CHECK(answers[1].second.error().code == Code::service_failed);
  CHECK(answers[1].second.error().message == "m");
  CHECK(answers[2].second.error().code == Code::invalid_params);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "what is no answer is for the log and does no harm") {
  greet();
  const auto id = call();
  for (const char* line :
       {"hello", "{", "{}", "[]", "7", "\xff", R"({"id":2})", R"({"id":"2","result":1})", R"({"id":-2,"result":1})",
        R"({"id":2.0,"result":1})", R"({"id":2,"result":1,"error":{}})", R"({"id":2,"error":7})", R"({"result":1})",
        R"({"id":99999999999999999999999,"result":1})", R"({"jsonrpc":"2.0","id":5,"method":"x"})"}) {
    CAPTURE(line);
    CHECK_FALSE(session.receive(line, now));
  }
  CHECK_FALSE(session.receive(std::string(100'000, '['), now));
  CHECK(session.receive(R"({"id":77,"result":1})", now));  // an id that was never given
  CHECK(session.receive(R"({"id":1,"error":{"code":1,"message":"twice"}})", now));
  CHECK(answers.empty());
  CHECK(session.phase() == Phase::ready);
  session.receive(answer(id, "1"), now);
  session.receive(answer(id, "2"), now);
  CHECK(answers.size() == 1);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "an answer that is too long fails its call at once, when it names it in front") {
  greet();
  const auto id = call();
  std::string line = fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":")", id);
  line.resize(kMaxMessageBytes, 'x');
  CHECK(session.receive(line, now));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].second.error().code == Code::service_failed);
  CHECK_FALSE(session.receive(std::string(kMaxMessageBytes, 'x'), now));
}

TEST_CASE_FIXTURE(StdioSessionFixture, "a cancelled call is told to the service, and its late answer dropped") {
  greet();
  const auto id = call();
  written();
  session.cancel(id);
  session.cancel(id);
  CHECK(written() == std::vector<Json>{{{"jsonrpc", "2.0"}, {"method", "$/cancel"}, {"params", {{"id", id}}}}});
  CHECK(session.receive(answer(id, "1"), now));
  CHECK(answers.empty());
}

TEST_CASE_FIXTURE(StdioSessionFixture, "an answer may make the next call") {
  greet();
  const auto first = session.call({"run", "", "", 1s}, [&](const Outcome&) { call(); });
  session.receive(answer(first, "1"), now);
  CHECK(session.in_flight() == 1);
  session.fail_calls({Code::service_failed, "gone"});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].second.error().message == "gone");
}

TEST_CASE_FIXTURE(StdioSessionFixture, "a quiet service is pinged, and any answer will do") {
  greet();
  CHECK(session.next_wakeup() == now + 10s);
  for (int i = 0; i < 10; ++i) {
    pass(10s);
    const auto pings = written();
    REQUIRE(pings.size() == 1);
    CHECK(pings[0]["method"] == "$/ping");
    session.receive(fmt::format(R"({{"id":{},"error":{{"code":-32601,"message":"what?"}}}})", pings[0]["id"].dump()),
                    now);
  }
  CHECK(session.phase() == Phase::ready);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "three pings without an answer mean that it hangs") {
  greet();
  pass(10s);  // a ping
  pass(5s);   // missed
  pass(10s);
  pass(5s);
  pass(10s);
  CHECK(session.phase() == Phase::ready);
  pass(5s);
  CHECK(session.phase() == Phase::broken);
  CHECK(session.flaw() == "did not answer 3 pings");
}

TEST_CASE_FIXTURE(StdioSessionFixture, "whatever it prints shows that it lives") {
  greet();
  for (int i = 0; i < 10; ++i) {
    pass(10s);
    pass(5s);
    session.receive("working...", now);
  }
  CHECK(session.phase() == Phase::ready);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "while a call may still take its time, silence is no sign") {
  greet();
  call("{}", 10min);
  for (int i = 0; i < 38; ++i) {
    pass(10s);
    pass(5s);
  }
  CHECK(session.phase() == Phase::ready);
  for (int i = 0; i < 10; ++i) {
    pass(10s);
    pass(5s);
  }
  CHECK(session.phase() == Phase::broken);
}

TEST_CASE_FIXTURE(StdioSessionFixture, "what waits for a slow reader is bounded") {
  greet();
  CHECK(session.has_room(100 << 20));  // alone, however large
  call("[\"" + std::string(kMaxPendingInputBytes - 200, 'x') + "\"]");
  CHECK(session.has_room(20));
  CHECK_FALSE(session.has_room(1000));
}

TEST_CASE_FIXTURE(StdioSessionFixture, "progress goes to who wants it, and is nothing for the log") {
  struct Kept final : ProgressSink {
    void report(std::string value) override { values.push_back(std::move(value)); }
    void dropped(std::uint64_t) override {}
    std::vector<std::string> values;
  };
  greet();
  const auto kept = std::make_shared<Kept>();
  const auto wanted =
      session.call({"run", "{}", "", 30s, kept}, [&](Outcome outcome) { answers.emplace_back(0, outcome); });
  const auto unwanted = call();
  const auto progress = [&](const std::string& id, const std::string& value) {
    return session.receive(
        R"({"jsonrpc":"2.0","method":"$/progress","params":{"id":)" + id + R"(,"value":)" + value + "}}", now);
  };
  CHECK(progress(std::to_string(wanted), R"({"done": 12345678901234567890})"));
  CHECK(progress(std::to_string(wanted), "\"half\""));
  CHECK(progress(std::to_string(unwanted), "1"));
  CHECK(progress("999", "1"));
  CHECK(answers.empty());
  CHECK(session.receive(answer(wanted, "1"), now));
  CHECK(progress(std::to_string(wanted), "3"));
  CHECK(kept->values == std::vector<std::string>{R"({"done": 12345678901234567890})", "\"half\""});
  for (const char* text :
       {R"({"method":"$/progress"})", R"({"method":"$/progress","params":{"id":"x","value":1}})",
        R"({"method":"$/progress","params":{"id":2}})", R"("$/progress")", R"({"method":"$/progress",)",
        R"({"method":"x","params":{"id":2,"value":"\"$/progress\""}})"}) {
    CAPTURE(text);
    CHECK_FALSE(session.receive(text, now));
  }
}

}  // namespace
}  // namespace p2p::services
