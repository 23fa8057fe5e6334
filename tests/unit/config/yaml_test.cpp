#include <doctest/doctest.h>

#include "config/yaml_reader.hpp"
#include "load_text.hpp"

using namespace p2p::config;
using namespace std::chrono_literals;

TEST_CASE("wrong types are told with place, key, and what was expected") {
  CHECK(problem_of("port: [1]") == "node.yaml:1:7: port: expects an integer from 0 to 65535");
  CHECK(problem_of("port: {a: 1}") == "node.yaml:1:7: port: expects an integer from 0 to 65535");
  CHECK(problem_of("port: \"8001\"") ==
        "node.yaml:1:7: port: expects an integer from 0 to 65535, not \"8001\"; remove the quotes");
  CHECK(problem_of("\n  ssl_verify: 1") == "node.yaml:2:15: ssl_verify: expects true or false, not \"1\"; write true");
  CHECK(problem_of("coordinator_addresses: a:1") ==
        "node.yaml:1:24: coordinator_addresses: expects a list of texts, as in [\"one\", \"two\"]");
  CHECK(problem_of("coordinator_addresses:\n  - a:1\n  - [b]") ==
        "node.yaml:2:3: coordinator_addresses: expects a list of texts, as in [\"one\", \"two\"]");
  CHECK(problem_of("log_level: LOUD") ==
        "node.yaml:1:12: log_level: expects one of \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\", \"CRITICAL\", not "
        "\"LOUD\"");
  CHECK(problem_of("port:") ==
        "node.yaml:1:1: port: has no value; expects an integer from 0 to 65535, or leave the line out");
  CHECK(problem_of("port: ~").find("has no value") != std::string::npos);
}

TEST_CASE("what YAML 1.1 would take for something else is not guessed") {
  CHECK(problem_of("ssl_verify: no") == "node.yaml:1:13: ssl_verify: expects true or false, not \"no\"; write false");
  CHECK(problem_of("port: 0777") == "node.yaml:1:7: port: expects an integer from 0 to 65535, not \"0777\"; write 777");
  CHECK(problem_of("port: 8_001") ==
        "node.yaml:1:7: port: expects an integer from 0 to 65535, not \"8_001\"; write 8001");
  CHECK(problem_of("port: 0x1F").find("expects an integer") != std::string::npos);
  CHECK(problem_of("port: 1e3").find("expects an integer") != std::string::npos);
  CHECK(problem_of("port: +80").find("expects an integer") != std::string::npos);
  CHECK(problem_of("port: 80.0").find("expects an integer") != std::string::npos);
  CHECK(problem_of("cluster_name: no") ==
        "node.yaml:1:15: cluster_name: expects text, and YAML reads no as a boolean; write \"no\"");
  for (const char* number : {"1234", "012", "1_000", "1.5", "1e3", "0x1f", "12:30"}) {
    CAPTURE(number);
    CHECK(problem_of(std::string("cluster_name: ") + number).find("as a number") != std::string::npos);
  }
  CHECK(problem_of("cluster_name: \"1234\"").empty());
  CHECK(problem_of("bind_address: 127.0.0.1").empty());
}

TEST_CASE("durations and sizes are numbers in the key's unit or say their own") {
  const auto out = load_text(
      "gossip_interval_min: 500ms\ngossip_interval_max: \"1m\"\nprobe_timeout_seconds: 2.5\nlog_retention_days: 36h\n"
      "jwt_expiration_hours: 0.5\nlog_store_max_bytes: 2 GiB\nlog_spool_max_bytes: 1048576\n");
  REQUIRE(out.problems.empty());
  CHECK(out.config.values.gossip_interval_min == 500ms);
  CHECK(out.config.values.gossip_interval_max == 60s);
  CHECK(out.config.values.probe_timeout_seconds == 2500ms);
  CHECK(out.config.values.log_retention_days == 36h);
  CHECK(out.config.values.jwt_expiration_hours == 30min);
  CHECK(out.config.values.log_store_max_bytes == 2147483648U);
  CHECK(out.config.values.log_spool_max_bytes == 1048576U);
  CHECK(problem_of("gossip_interval_min: 0") ==
        "node.yaml:1:22: gossip_interval_min: 0 is out of range; expects a duration in seconds from 0.05 to 3600");
  CHECK(problem_of("log_store_max_bytes: 10 GB").find("256 MiB") != std::string::npos);
  CHECK(problem_of("log_store_max_bytes: 18446744073709551616").find("expects") != std::string::npos);
  CHECK(problem_of("failure_timeout: 99999999999999999999999").find("expects") != std::string::npos);
}

TEST_CASE("a key given twice names the first line") {
  CHECK(problem_of("port: 1\nthreads: 1\nport: 2") == "node.yaml:3:1: port: already given in line 1");
}

TEST_CASE("what is not one flat map is refused by name") {
  CHECK(problem_of("- a\n- b") == "node.yaml:1:1: expects lines of the form \"key: value\", not a list");
  CHECK(problem_of("hello") == "node.yaml:1:1: expects lines of the form \"key: value\"");
  CHECK(problem_of("port: 1\n---\nport: 2").find("a second document") != std::string::npos);
  CHECK(problem_of("port: &p 1\nthreads: *p").find("anchors") != std::string::npos);
  CHECK(problem_of("port: !!str 1").find("tags") != std::string::npos);
  CHECK(problem_of("<<: {port: 1}").find("unknown key \"<<\"") != std::string::npos);
  CHECK(problem_of("? [a]\n: 1").find("a key is one word") != std::string::npos);
  CHECK(problem_of("").empty());
  CHECK(problem_of("# only a comment\n").empty());
  CHECK(problem_of("---\nport: 1\n").empty());
  CHECK(problem_of("{port: 1, threads: 2}").empty());
}

TEST_CASE("text that does not parse is told with its place, and what came before still is checked") {
  const auto problems = load_text("prot: 1\nport: \"80\nthreads: 1\n").problems;
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].find("unknown key") != std::string::npos);
  CHECK(problems[1].starts_with("node.yaml:"));
  CHECK(problem_of("port: 1\n\tthreads: 2").starts_with("node.yaml:2:"));
  CHECK(problem_of("port: 1\n\xff\n") == "node.yaml:2:1: this line is not UTF-8");
  CHECK(problem_of(std::string("port: 1\0", 8)) == "node.yaml:1:8: a NUL byte");
}

TEST_CASE("bombs end early") {
  std::string laughs = "a: &a [x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    laughs += std::string(1, c) + ": &" + c + " [*" + std::string(1, static_cast<char>(c - 1)) + "]\n";
  }
  CHECK(problem_of(laughs).find("anchors") != std::string::npos);
  CHECK(problem_of("port: " + std::string(100'000, '[')).find("nested deeper than 16") != std::string::npos);
  CHECK(problem_of("port: " + std::string(100'000, '{')).find("node.yaml:1:") != std::string::npos);
  CHECK(problem_of(std::string(kMaxConfigBytes + 1, '#')) == "node.yaml:1:1: larger than 1 MiB");
  std::string list = "log_files: [a";
  for (int i = 0; i < 2000; ++i) list += ", a";
  CHECK(problem_of(list + "]") == "node.yaml:1:12: log_files: has more than 1000 entries");
}

TEST_CASE("control characters in a message and in a value do not reach the terminal") {
  CHECK(problem_of("\"\\e[31mport\": 1").find('\x1b') == std::string::npos);
  CHECK(problem_of("state_directory: \"a\\nb\"").find("control characters are not allowed") != std::string::npos);
}
