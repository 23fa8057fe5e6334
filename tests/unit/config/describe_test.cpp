#include "config/describe.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"
#include "load_text.hpp"

using namespace p2p::config;

TEST_CASE("a dump loads again to the same values and says where each came from") {
  const auto first = load_text(
      "port: 9000\ngossip_interval_min: 250ms\nlog_retention_days: 90m\ncoordinator_addresses: [\"a:1\", \"b:2\"]\n"
      "state_directory: \"d\\u00e9j\\u00e0 \\\"vu\\\"\"\nlog_level: ERROR\nssl_request_client_cert: all\n");
  REQUIRE(first.problems.empty());
  const std::string text = dump(first.config);
  CHECK(text.find("port: 9000") != std::string::npos);
  CHECK(text.find("log_retention_days: 90m ") != std::string::npos);
  CHECK(text.find("# node.yaml:1:7\n") != std::string::npos);
  CHECK(text.find("# default\n") != std::string::npos);
  CHECK(text.find("# --set node_id\n") != std::string::npos);

  CHECK(text.find("# coordinator_mode: as the certificate says\n") != std::string::npos);

  const auto second = load_text(text);
  CHECK(second.problems == std::vector<std::string>{});
  CHECK_FALSE(second.config.given("coordinator_mode"));
  for (const Key& key : keys()) {
    CAPTURE(key.name);
    CHECK(get(first.config.values, key) == get(second.config.values, key));
  }
}

TEST_CASE("the effective values for programs have every key, its origin, and what waits for a restart") {
  const auto running = load_text("port: 9000\nlog_retention_days: 90m\nlog_level: ERROR\n").config;
  const auto changed = load_text("port: 9001\nlog_retention_days: 90m\nlog_level: INFO\n").config;
  const auto values = p2p::parse_json(effective_values(running.values, changed));
  REQUIRE(values.has_value());
  CHECK(values->size() == keys().size());
  const auto entry = [&](std::string_view key) {
    for (const auto& one : *values) {
      if (one.at("key") == key) return one;
    }
    return p2p::Json();
  };
  CHECK(entry("port") == p2p::Json{{"key", "port"},
                                   {"value", 9000},
                                   {"source", "file"},
                                   {"where", "node.yaml:1:7"},
                                   {"live", false},
                                   {"needs_restart", true}});
  CHECK(entry("log_level").at("needs_restart") == false);
  CHECK(entry("log_level").at("live") == true);
  CHECK(entry("log_retention_days").at("value") == "90m");
  CHECK(entry("node_id").at("source") == "flag");
  CHECK(entry("cluster_name").at("where") == "default");
  CHECK(entry("coordinator_mode").at("value").is_null());
  CHECK(entry("coordinator_mode").at("where") == "as the certificate says");
}

TEST_CASE("the schema knows every key, its type and default, and nothing else") {
  const auto schema = p2p::parse_json(json_schema());
  REQUIRE(schema.has_value());
  CHECK(schema->at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema->at("additionalProperties") == false);
  const auto& properties = schema->at("properties");
  CHECK(properties.size() == keys().size());
  CHECK(properties.at("port").at("type") == "integer");
  CHECK(properties.at("port").at("maximum") == 65535);
  CHECK(properties.at("port").at("default") == 8001);
  CHECK(properties.at("coordinator_addresses").at("default") == p2p::Json::array());
  CHECK(properties.at("log_level").at("enum").size() == 5);
  CHECK(properties.at("gossip_interval_min").at("anyOf").at(0).at("minimum") == 0.05);
  CHECK_FALSE(properties.at("node_id").contains("default"));
}

TEST_CASE("the manual describes every key with its range and default") {
  const std::string manual = manual_sections();
  for (const Key& key : keys()) {
    CAPTURE(key.name);
    CHECK(manual.find("*" + std::string(key.name) + "*\n") != std::string::npos);
    CHECK_FALSE(key.description.empty());
  }
  CHECK(manual.find("Expects an integer from 0 to 65535. Default: 8001.") != std::string::npos);
  CHECK(manual.find("a duration in days from 1h to 3660. Default: 30.") != std::string::npos);
  CHECK(manual.find("a number of bytes from 64 KiB to 1 TiB ") != std::string::npos);
  CHECK(manual.find("Default: 256 MiB.") != std::string::npos);
  CHECK(manual.find("Reloaded by SIGHUP.") != std::string::npos);
}

TEST_CASE("every default is good by its own rules") {
  for (const Key& key : keys()) {
    CAPTURE(key.name);
    if (!key.derived_default.empty()) continue;
    const Value value = get(NodeConfig{}, key);
    if (std::holds_alternative<std::vector<std::string>>(value)) continue;
    const std::string text =
        std::holds_alternative<std::string>(value) ? std::get<std::string>(value) : to_yaml(key, value);
    CHECK(parse_scalar(key, text, Style::outside).has_value());
  }
}
