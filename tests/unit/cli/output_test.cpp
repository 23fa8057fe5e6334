#include "cli/output.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <vector>

using namespace p2p::cli;

namespace {

std::string shown(Format format, const std::string& json) {
  std::ostringstream out;
  Output(out, format, {}).value(json);
  return out.str();
}

std::string listed(Format format, const std::string& json) {
  std::ostringstream out;
  const std::vector<Column> columns{member_column("NODE", "node"), member_column("MS", "ms", Align::right)};
  Output(out, format, {}).list(json, columns, "node");
  return out.str();
}

}  // namespace

TEST_CASE("a list is a table, an array, or names") {
  const std::string json = R"([{"node":"w1","ms":0.5,"more":1},{"node":"w2"}])";
  CHECK(listed(Format::table, json) == "NODE   MS\nw1    0.5\nw2      -\n");
  CHECK(listed(Format::name, json) == "w1\nw2\n");
  CHECK(listed(Format::json, "[]") == "[]\n");
  CHECK(listed(Format::table, "[]").empty());
  CHECK(listed(Format::yaml, json) == "- node: w1\n  ms: 0.5\n  more: 1\n- node: w2\n");
}

TEST_CASE("any result has a readable table, in the order in which it was sent") {
  CHECK(shown(Format::table, R"({"used":5,"free":7,"mount":"/"})") == "used   5\nfree   7\nmount  /\n");
  CHECK(shown(Format::table, R"([{"mount":"/","used":5},{"mount":"/home","free":1}])") ==
        "MOUNT  USED  FREE\n/         5     -\n/home     -     1\n");
  CHECK(shown(Format::table, R"({"a":{"b":1}})") == "a:\n  b: 1\n");
  CHECK(shown(Format::table, "42") == "42\n");
  CHECK(shown(Format::table, "null") == "null\n");
  CHECK(shown(Format::table, "[]") == "[]\n");
  CHECK(shown(Format::table, "{}") == "{}\n");
}

TEST_CASE("a text keeps its lines and nothing else that a terminal obeys") {
  CHECK(shown(Format::table, R"("one\ntwo\u001b[2J\n")") == "one\ntwo\\x1b[2J\n");
  CHECK(shown(Format::name, R"("pong")") == "pong\n");
  CHECK(shown(Format::name, R"({"a": [1, 2]})") == "{\"a\":[1,2]}\n");
  CHECK(shown(Format::json, R"("one\ntwo")") == "\"one\\ntwo\"\n");
}
