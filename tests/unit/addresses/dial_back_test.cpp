#include <doctest/doctest.h>

#include <string>

#include "addresses/dial_back_gate.hpp"
#include "addresses/dial_back_message.hpp"
#include "base/json.hpp"

using namespace p2p;
using namespace p2p::addresses;
using namespace std::chrono_literals;

namespace {

constexpr Monotonic kAskedAt{1'000'000s};

DialBackGate new_gate() { return DialBackGate(SipHash::Key{1, 2}); }

}  // namespace

TEST_CASE("a node may ask for a table of paths at once, then once a second") {
  auto gate = new_gate();
  int allowed = 0;
  for (int i = 0; i < 100; ++i) {
    if (!gate.begin("w-1", kAskedAt).empty()) continue;
    ++allowed;
    gate.ended();
  }
  CHECK(allowed == 16);
  CHECK(gate.begin("w-1", kAskedAt + 999ms) == "it was dialled back too often just now");
  CHECK(gate.begin("w-1", kAskedAt + 1s).empty());
  CHECK_FALSE(gate.begin("w-1", kAskedAt + 1s).empty());
}

TEST_CASE("one node's haste is not another's") {
  auto gate = new_gate();
  for (int i = 0; i < 16; ++i) {
    CHECK(gate.begin("w-1", kAskedAt).empty());
    gate.ended();
  }
  CHECK_FALSE(gate.begin("w-1", kAskedAt).empty());
  CHECK(gate.begin("w-2", kAskedAt).empty());
}

TEST_CASE("no more than 32 are dialled back at a time, whoever they are") {
  auto gate = new_gate();
  for (int i = 0; i < 32; ++i) CHECK(gate.begin("w-" + std::to_string(i), kAskedAt).empty());
  CHECK(gate.begin("w-99", kAskedAt) == "too many nodes are being dialled back now");
  gate.ended();
  CHECK(gate.begin("w-99", kAskedAt).empty());
}

TEST_CASE("a request names a port or none") {
  CHECK(parse_dial_back_request(R"({"port":8001})").value().port == 8001);
  CHECK_FALSE(parse_dial_back_request("{}").value().port);
  CHECK_FALSE(parse_dial_back_request(R"({"port":null,"host":"10.0.0.1"})").value().port);
  for (const char* bad : {"", "[]", "8001", R"({"port":0})", R"({"port":65536})", R"({"port":-1})",
                          R"({"port":"8001"})", R"({"port":1.5})", R"({"port":1,"port":2})"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_dial_back_request(bad).has_value());
  }
  CHECK_FALSE(parse_dial_back_request(std::string(5000, ' ')).has_value());
}

TEST_CASE("an answer says what was tried, and what was not is not a no") {
  const auto no = parse_dial_back_answer(R"({"seen_as":"192.0.2.7","dials_back":false,"failure":"refused","more":1})");
  REQUIRE(no.has_value());
  CHECK(no->seen_as == "192.0.2.7");
  CHECK(no->dials_back == false);
  CHECK(no->failure == "refused");
  const auto untried = parse_dial_back_answer(R"({"seen_as":"2001:db8::1","dials_back":null})");
  REQUIRE(untried.has_value());
  CHECK_FALSE(untried->dials_back.has_value());
}

TEST_CASE("a hostile answer cannot reach the terminal or fill it") {
  const auto answer = parse_dial_back_answer(R"({"seen_as":"\u001b[31m","failure":")" + std::string(3000, 'x') + "\"}");
  REQUIRE(answer.has_value());
  CHECK(answer->seen_as.find('\x1b') == std::string::npos);
  CHECK(answer->failure.size() == 300);
  CHECK_FALSE(parse_dial_back_answer(R"({"seen_as":")" + std::string(100, '1') + "\"}").has_value());
  CHECK_FALSE(parse_dial_back_answer("{}").has_value());
  CHECK_FALSE(parse_dial_back_answer("<html>").has_value());
}

TEST_CASE("what is written are these members") {
  CHECK(parse_json(to_text(DialBackRequest{8001})).value() == Json{{"port", 8001}});
  CHECK(parse_json(to_text(DialBackRequest{})).value() == Json::object());
  CHECK(parse_json(to_text(DialBackAnswer{"192.0.2.7", std::nullopt, ""})).value() ==
        Json{{"seen_as", "192.0.2.7"}, {"dials_back", nullptr}, {"failure", ""}});
}
