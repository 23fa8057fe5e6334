#include "cli/value_view.hpp"

#include <doctest/doctest.h>

using namespace p2p::cli;

TEST_CASE("numbers keep their digits in every view") {
  CHECK(value_view(R"({"n":123456789012345678901234567890,"f":1.10})", {}) ==
        "n  123456789012345678901234567890\nf  1.10\n");
  CHECK(value_view("[{\"n\":1.10},{\"n\":22}]", {}) == "   N\n1.10\n  22\n");
}

TEST_CASE("lists of scalars fit a cell, anything deeper is YAML") {
  CHECK(value_view(R"({"tags":["a","{"],"n":1})", {}) == "tags  [\"a\",\"{\"]\nn     1\n");
  CHECK(value_view(R"({"load":[0.52,0.480,-4e1],"none":[]})", {}) == "load  0.52 0.480 -4e1\nnone  []\n");
  CHECK(value_view("[ 1, 2 ]", {}) == "1 2\n");
  CHECK(value_view(R"({"services":[{"name":"x"}]})", {}) == "services:\n  - name: x\n");
  CHECK(value_view(R"([{"a":1},2])", {}) == "- a: 1\n- 2\n");
}

TEST_CASE("what is shown as a table is known before") {
  CHECK(is_table(R"([{"a":1,"b":[1]},{"c":null}])"));
  for (const char* json : {"[]", "[1]", R"({"a":1})", R"([{"a":{}}])",
                           R"([{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1},{"h":1,"i":1,"j":1,"k":1,"l":1,"m":1}])"}) {
    CAPTURE(json);
    CHECK_FALSE(is_table(json));
  }
}

TEST_CASE("a value cannot drive the terminal in any view") {
  for (const char* json : {R"({"a":"\u001b[2J"})", R"("\u001b[2J")", R"([{"a":"\u001b[2J"}])",
                           R"({"a":{"\u001b":"\u009b"}})", R"({"\u001b[1m":1})"}) {
    CAPTURE(json);
    CHECK(value_view(json, {}).find('\x1b') == std::string::npos);
    CHECK(value_view(json, {}).find("\xc2\x9b") == std::string::npos);
  }
}
