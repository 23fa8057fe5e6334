#include "rpc/schema.hpp"

#include <doctest/doctest.h>

namespace p2p::rpc {
namespace {

constexpr char kSchema[] = R"({
  "type": "object",
  "description": "what the test checks",
  "properties": {
    "path": {"type": "string", "minLength": 1, "maxLength": 4, "pattern": "^/"},
    "lines": {"type": "integer", "minimum": 1, "maximum": 100},
    "unit": {"enum": ["a", "b", 3]},
    "tags": {"type": "array", "items": {"type": ["string", "null"]}}
  },
  "required": ["path"],
  "additionalProperties": false
})";

std::string flaw(std::string_view params) {
  const Schema schema = Schema::parse(kSchema).value();
  const auto checked = schema.check(parse_json(params).value());
  return checked ? "" : checked.error().context;
}

TEST_CASE("parameters that fit pass") {
  CHECK(flaw(R"({"path":"/"})").empty());
  CHECK(flaw(R"({"path":"/","lines":1.0,"unit":3,"tags":["x",null]})").empty());
  CHECK(flaw("{\"path\":\"/\xC3\xA9\xC3\xA9\xC3\xA9\"}").empty());
}

TEST_CASE("what does not fit is named with its place") {
  CHECK(flaw("[]") == "params must be of type object");
  CHECK(flaw("{}") == "params.path is missing");
  CHECK(flaw(R"({"path":7})") == "params.path must be of type string");
  CHECK(flaw(R"({"path":""})") == "params.path must have at least 1 characters");
  CHECK(flaw(R"({"path":"/1234"})") == "params.path must have at most 4 characters");
  CHECK(flaw(R"({"path":"x/"})") == "params.path must match ^/");
  CHECK(flaw(R"({"path":"/","lines":0})") == "params.lines must be at least 1");
  CHECK(flaw(R"({"path":"/","lines":101})") == "params.lines must be at most 100");
  CHECK(flaw(R"({"path":"/","lines":1.5})") == "params.lines must be of type integer");
  CHECK(flaw(R"({"path":"/","unit":"c"})") == R"(params.unit must be one of ["a","b",3])");
  CHECK(flaw(R"({"path":"/","tags":["x",1]})") == "params.tags[1] must be of type string or null");
  CHECK(flaw(R"({"path":"/","other":1})") == "params.other is not known");
}

TEST_CASE("a misspelt name is told, also where others are allowed") {
  CHECK(flaw(R"({"pth":"/"})") == R"(params.path is missing; did you mean it by "pth"?)");
  CHECK(flaw(R"({"path":"/","line":1})") == R"(params.line is not known; did you mean "lines"?)");
  const Schema open = Schema::parse(R"({"properties":{"port":{},"part":{}},"required":["port"]})").value();
  CHECK(open.check(Json{{"prot", 1}}).error().context == R"(params.port is missing; did you mean it by "prot"?)");
  // What is known itself is no slip, and what is far off is something else.
  CHECK(open.check(Json{{"part", 1}, {"colour", 1}}).error().context == "params.port is missing");
}

TEST_CASE("additionalProperties may be a schema") {
  const Schema schema = Schema::parse(R"({"additionalProperties":{"type":"number"}})").value();
  CHECK(schema.check(Json{{"a", 1}}).has_value());
  CHECK(schema.check(Json{{"a", "1"}}).error().context == "params.a must be of type number");
}

TEST_CASE("a schema that promises a check that is not made is refused") {
  for (const char* text :
       {"[]", R"({"oneOf":[]})", R"({"type":"text"})", R"({"type":7})", R"({"minimum":"1"})", R"({"minLength":-1})",
        R"x({"pattern":"("})x", R"x({"pattern":"(?=x)"})x", R"({"enum":[]})", R"({"required":"a"})",
        R"({"properties":[]})", R"({"properties":{"a":{"format":"x"}}})", R"({"items":true})", "{"}) {
    CAPTURE(text);
    CHECK(Schema::parse(text).error().kind() == Errc::invalid);
  }
}

}  // namespace
}  // namespace p2p::rpc
