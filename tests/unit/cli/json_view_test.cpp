#include "cli/json_view.hpp"

#include <doctest/doctest.h>

using namespace p2p::cli;

TEST_CASE("JSON is indented, and numbers stay as they were sent") {
  CHECK(pretty_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})") ==
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
  CHECK(pretty_json("123456789012345678901234567890") == "123456789012345678901234567890");
  CHECK(pretty_json("[1.10,1e999,-0.0]") == "[\n  1.10,\n  1e999,\n  -0.0\n]");
  CHECK(compact_json("{ \"b\" : 1 , \"a\" : [ 9007199254740993 ] }") == R"({"b":1,"a":[9007199254740993]})");
  CHECK(pretty_json("{broken") == "{broken");
}

TEST_CASE("characters that a terminal obeys are escapes") {
  CHECK(pretty_json("\"a\x7f\xc2\x9b"
                    "31mé\"") == "\"a\\u007f\\u009b31mé\"");
}

TEST_CASE("YAML keeps texts apart from what only looks like other things") {
  CHECK(to_yaml(R"({"name":"disk","on":true,"list":["no","1","plain",1,null],"empty":[],"none":{}})") ==
        "name: disk\n"
        "\"on\": true\n"
        "list:\n"
        "  - \"no\"\n"
        "  - \"1\"\n"
        "  - plain\n"
        "  - 1\n"
        "  - null\n"
        "empty: []\n"
        "none: {}\n");
  CHECK(to_yaml(R"([{"node":"w","result":{"used":5}},{"node":"x","list":[[1,2],[]]}])") ==
        "- node: w\n"
        "  result:\n"
        "    used: 5\n"
        "- node: x\n"
        "  list:\n"
        "    - - 1\n"
        "      - 2\n"
        "    - []\n");
  CHECK(to_yaml("\"two\\nlines: #\"") == "\"two\\nlines: #\"\n");
  CHECK(to_yaml("12") == "12\n");
  CHECK(to_yaml("[]") == "[]\n");
}
