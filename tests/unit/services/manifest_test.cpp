#include "services/manifest.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

namespace p2p::services {
namespace {

using namespace std::chrono_literals;

constexpr char kMinimal[] = "name: disk\ncommand: [./disk.sh]\nmethods:\n  - name: usage\n";

std::string flaw(const std::string& text) {
  const auto parsed = parse_manifest(text, "service.yaml");
  return parsed ? "" : parsed.error().context;
}

TEST_CASE("a manifest with everything is read") {
  const Manifest manifest = parse_manifest(R"(
name: disk
version: 1.2.3
description: Free space
command: [python3, main.py, "--fast"]
protocol: stdio
instances: 3
env: {LC_ALL: C, LIMIT: 10}
health: {interval: 2s, timeout: 500ms, failures: 2}
restart: {delay: 10ms, max_delay: 1s, reset_after: 5s, degraded_after: 7, degraded_within: 1m}
methods:
  - name: usage
    description: Bytes
    params: {type: object, properties: {path: {type: string, minLength: 1}, depth: {maximum: 2.5}}}
    result: {type: array}
    public: true
    idempotent: true
    timeout: 1500ms
    max_inflight: 2
)",
                                           "service.yaml")
                                .value();
  CHECK(manifest.name == "disk");
  CHECK(manifest.version == "1.2.3");
  CHECK(manifest.command == std::vector<std::string>{"python3", "main.py", "--fast"});
  CHECK(manifest.protocol == Protocol::stdio);
  CHECK(manifest.instances == 3);
  REQUIRE(manifest.env.size() == 2);
  CHECK(manifest.env[1].second == "10");
  CHECK(manifest.health.timeout == 500ms);
  CHECK(manifest.restart.degraded_within == 60s);
  const ManifestMethod& usage = manifest.methods.at(0);
  CHECK(usage.is_public);
  CHECK(usage.idempotent);
  CHECK(usage.timeout == 1500ms);
  CHECK(usage.max_inflight == 2);
  CHECK(parse_json(usage.params_schema).value() ==
        Json{{"type", "object"},
             {"properties", {{"path", {{"type", "string"}, {"minLength", 1}}}, {"depth", {{"maximum", 2.5}}}}}});
}

TEST_CASE("what is left out has its documented default") {
  const Manifest manifest = parse_manifest(kMinimal, "service.yaml").value();
  CHECK(manifest.protocol == Protocol::exec);
  CHECK(manifest.methods[0].timeout == 30s);
  CHECK(manifest.methods[0].max_inflight == 8);
  CHECK_FALSE(manifest.methods[0].is_public);
  CHECK_FALSE(manifest.methods[0].idempotent);
}

TEST_CASE("a misspelt key is named with its place and the nearest known one") {
  CHECK(flaw("name: disk\ncomand: [x]\n") == "service.yaml:2:1: comand: is not a known key; did you mean \"command\"?");
  CHECK(flaw(std::string(kMinimal) + "    timeot: 3s\n") ==
        "service.yaml:5:5: timeot: is not a known key; did you mean \"timeout\"?");
  CHECK(flaw(std::string(kMinimal) + "xyzzy: 1\n") == "service.yaml:5:1: xyzzy: is not a known key");
}

TEST_CASE("every field is checked") {
  const std::string base = kMinimal;
  const std::string method = base + "    ";
  CHECK(flaw("") == "service.yaml: holds 0 YAML documents instead of one");
  CHECK(flaw("[1]") == "service.yaml:1:1: must be a mapping of keys to values");
  CHECK(flaw("name: disk\nmethods: [{name: a}]\n") == "service.yaml:1:1: needs a command");
  CHECK(flaw("name: disk\ncommand: [x]\n") == "service.yaml:1:1: needs methods");
  CHECK(flaw("command: [x]\nmethods: [{name: a}]\n") == "service.yaml:1:1: needs a name");
  CHECK(flaw("name: a.b\n") == "service.yaml:1:1: name: must be 1 to 63 letters, digits, - or _");
  CHECK(flaw("name: ../x\n").find("1:1: name:") != std::string::npos);
  CHECK(flaw("name: [x]\n") == "service.yaml:1:1: name: must be text");
  CHECK(flaw("command: ls -l\n") == "service.yaml:1:1: command: must be a list");
  CHECK(flaw("command: []\n") == "service.yaml:1:1: command: must name a program");
  CHECK(flaw("command: [\"a\\x00b\"]\n").find("control characters") != std::string::npos);
  CHECK(flaw("protocol: http\n") == "service.yaml:1:1: protocol: must be exec or stdio");
  CHECK(flaw("env: {A-B: x}\n") == "service.yaml:1:7: A-B: is no name of an environment variable");
  CHECK(flaw("env: {P2P_HOME: x}\n") == "service.yaml:1:7: P2P_HOME: is set by the node itself");
  CHECK(flaw("methods: []\n") == "service.yaml:1:1: methods: must list at least one method");
  CHECK(flaw("methods: [{description: x}]\n") == "service.yaml:1:11: methods[0]: needs a name");
  CHECK(flaw("methods: [{name: a}, {name: a}]\n").find("repeats method \"a\"") != std::string::npos);
  CHECK(flaw("instances: 0\n") == "service.yaml:1:1: instances: must be a whole number from 1 to 64");
  CHECK(flaw("restart: {delay: 2s, max_delay: 1s}\n").find("max_delay must not be below") != std::string::npos);
  CHECK(flaw(base + "name: twice\n") == "service.yaml:5:1: name: is repeated");
  CHECK(flaw(method + "timeout: 10\n").find("5:5: timeout: must be a duration") != std::string::npos);
  CHECK(flaw(method + "timeout: 2000h\n").find("must be a duration") != std::string::npos);
  CHECK(flaw(method + "max_inflight: -1\n").find("max_inflight: must be a whole number") != std::string::npos);
  CHECK(flaw(method + "public: yes\n") == "service.yaml:5:5: public: must be true or false");
  CHECK(flaw(method + "params: {oneOf: []}\n") ==
        "service.yaml:5:5: params: schema root: keyword \"oneOf\" is not supported");
  CHECK(flaw(method + "result: 7\n") == "service.yaml:5:5: result: must be an object");
  CHECK(flaw("name: [\n").find("service.yaml:2:1: ") == 0);
  CHECK(flaw(base + "---\nname: x\n") == "service.yaml: holds 2 YAML documents instead of one");
}

TEST_CASE("every field wrong in turn is refused for that, with its place") {
  struct Wrong {
    const char* key;
    std::vector<const char*> values;
  };
  const std::vector<const char*> not_text = {"[x]", "{a: b}", "\"a\\x01b\""};
  const std::vector<const char*> not_duration = {"[1s]", "{a: 1s}", "10", "-1s", "0s", "1y", "10000000000000000000s",
                                                 "x"};
  const std::vector<const char*> not_count = {"[1]", "{a: 1}", "0", "-1", "1.5", "x", "99999999999999999999999"};
  const std::vector<const char*> not_boolean = {"[true]", "{a: true}", "yes", "1", "''"};
  const std::vector<Wrong> whole = {
      {"name", {"[x]", "{a: b}", "''", "a.b", "a/b", "../a", "é", "' a'"}},
      {"version", not_text},
      {"description", not_text},
      {"command", {"ls", "{a: b}", "[]", "['']", "[[x]]", "[{a: b}]"}},
      {"protocol", {"[exec]", "{a: b}", "''", "EXEC", "http"}},
      {"env", {"x", "[x]", "{A: [x]}", "{A B: x}", "{1A: x}", "{'': x}", "{P2P_NODE_ID: x}", "{A: x, A: y}"}},
      {"methods", {"x", "{a: b}", "[]", "[x]", "[[x]]", "[{}]"}},
      {"instances", not_count},
      {"health", {"x", "[x]", "{pause: 1s}"}},
      {"restart", {"x", "[x]", "{pause: 1s}"}},
  };
  const std::vector<Wrong> of_method = {
      {"name", {"[x]", "{a: b}", "''", "a.b", "a b"}},
      {"description", not_text},
      {"params", {"x", "[x]", "{type: text}", "{oneOf: []}", "{properties: x}", "{pattern: '('}", "{minimum: x}"}},
      {"result", {"x", "[x]"}},
      {"public", not_boolean},
      {"idempotent", not_boolean},
      {"timeout", not_duration},
      {"max_inflight", not_count},
  };
  const auto check = [](const std::string& text, const std::string& key, const std::string& value) {
    CAPTURE(key);
    CAPTURE(value);
    const std::string why = flaw(text);
    CAPTURE(why);
    CHECK(why.find("service.yaml:") == 0);
    CHECK(why.find("service.yaml:1:1: needs") != 0);  // what is missing is complained of after what is wrong
  };
  for (const Wrong& field : whole) {
    for (const char* value : field.values) check(std::string(field.key) + ": " + value + "\n", field.key, value);
  }
  for (const Wrong& field : of_method) {
    for (const char* value : field.values) {
      check("methods:\n  - " + std::string(field.key) + ": " + value + "\n", field.key, value);
    }
  }
  for (const char* key : {"interval", "timeout"}) {
    for (const char* value : not_duration) check("health: {" + std::string(key) + ": " + value + "}\n", key, value);
  }
  for (const char* key : {"delay", "max_delay", "reset_after", "degraded_within"}) {
    for (const char* value : not_duration) check("restart: {" + std::string(key) + ": " + value + "}\n", key, value);
  }
  for (const char* value : not_count) {
    check("health: {failures: " + std::string(value) + "}\n", "failures", value);
    check("restart: {degraded_after: " + std::string(value) + "}\n", "degraded_after", value);
  }
}

TEST_CASE("initialize is a word of protocol stdio, and a method of protocol exec as any other") {
  const std::string text = "name: a\ncommand: [x]\nmethods: [{name: initialize}]\n";
  CHECK(flaw(text).empty());
  CHECK(flaw(text + "protocol: stdio\n").find("method \"initialize\" has a meaning of its own") != std::string::npos);
}

TEST_CASE("a document that swells by aliases or nesting is refused") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'h'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i == 0 ? "*" : ",*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  std::string indented;
  for (const char c : bomb) {
    indented += c;
    if (c == '\n') indented += "      ";
  }
  CHECK(flaw(std::string(kMinimal) + "    params:\n      " + indented + "\n").find("too many values") !=
        std::string::npos);
  CHECK_FALSE(flaw(std::string(kMinimal) + "    params: " + std::string(5000, '[') + "\n").empty());
  CHECK(parse_manifest(std::string(300 * 1024, ' '), "x").error().kind() == Errc::too_large);
}

}  // namespace
}  // namespace p2p::services
