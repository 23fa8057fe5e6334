#include "config/loader.hpp"

#include <doctest/doctest.h>

#include "load_text.hpp"

using namespace p2p::config;
using namespace std::chrono_literals;

TEST_CASE("without a file the specification's defaults hold") {
  const auto out = load_text("");
  REQUIRE(out.problems.empty());
  const NodeConfig& config = out.config.values;
  CHECK(config.port == 8001);
  CHECK(config.gossip_interval_min == 5s);
  CHECK(config.gossip_interval_max == 30s);
  CHECK(config.gossip_compression_enabled);
  CHECK(config.gossip_compression_threshold == 1024);
  CHECK(config.rate_limit_rpc_requests == 100);
  CHECK(config.rate_limit_rpc_burst == 20);
  CHECK(config.rate_limit_health_requests == 300);
  CHECK(config.rate_limit_health_burst == 50);
  CHECK(config.ssl_ca_cert_file == "certs/ca_cert.pem");
  CHECK(config.ssl_ca_key_file == "certs/ca_key.pem");
  CHECK(config.ssl_verify);
  CHECK(config.jwt_blacklist_file == "jwt_blacklist.json");
  CHECK(config.state_directory == "data");
  CHECK(config.enable_address_probing);
  CHECK(config.probe_timeout_seconds == 2000ms);
  CHECK(config.bind_address == "0.0.0.0");
  CHECK(config.log_store_max_bytes == 10737418240U);
  CHECK(config.log_spool_max_bytes == 268435456U);
}

TEST_CASE("the example of the specification loads") {
  const auto out = load_text(R"(# coordinator.yaml
node_id: "coordinator-1"
port: 8001
bind_address: "0.0.0.0"
coordinator_mode: true

gossip_interval_min: 5
gossip_interval_max: 30
gossip_interval_current: 10
gossip_compression_enabled: true
gossip_compression_threshold: 1024

rate_limit_enabled: true
rate_limit_rpc_requests: 200
rate_limit_rpc_burst: 40
rate_limit_health_requests: 600
rate_limit_health_burst: 100

https_enabled: true
ssl_cert_file: "certs/coordinator_cert.pem"
ssl_key_file: "certs/coordinator_key.pem"
ssl_ca_cert_file: "certs/ca_cert.pem"
ssl_ca_key_file: "certs/ca_key.pem"
ssl_verify: true

state_directory: "data/coordinator"
jwt_blacklist_file: "jwt_blacklist.json"
gossip_state_file: "gossip_state.json"
service_state_file: "service_state.json"
)");
  REQUIRE(out.problems.empty());
  CHECK(out.config.values.coordinator_mode);
  CHECK(out.config.given("coordinator_mode"));
  CHECK(out.config.values.gossip_interval_current == 10s);
  CHECK(out.config.values.rate_limit_health_requests == 600);
  CHECK(out.config.values.ssl_cert_file == "certs/coordinator_cert.pem");
  CHECK(out.config.values.state_directory == "data/coordinator");
}

TEST_CASE("flag wins over environment, environment over file, file over default, and each is remembered") {
  Sources sources;
  sources.file_name = "node.yaml";
  sources.file_text = "node_id: from-file\nport: 1000\nthreads: 2\nlog_level: DEBUG\n";
  sources.environment = {{"P2P_PORT", "2000"}, {"P2P_THREADS", "3"}, {"PATH", "/bin"}};
  sources.settings = {"port=3000", "port=4000"};
  const auto out = load(sources);
  REQUIRE(out.problems.empty());
  CHECK(out.config.values.port == 4000);
  CHECK(out.config.origins.at("port").where == "--set port");
  CHECK(out.config.values.threads == 3);
  CHECK(out.config.origins.at("threads").where == "P2P_THREADS");
  CHECK(out.config.values.log_level == p2p::LogLevel::debug);
  CHECK(out.config.origins.at("log_level").where == "node.yaml:4:12");
  CHECK(out.config.origins.at("scan_interval").where == "default");
  CHECK_FALSE(out.config.given("scan_interval"));
  CHECK(out.config.given("threads"));
}

TEST_CASE("the environment gives lists and tells a bad value by the variable's name") {
  Sources sources;
  sources.environment = {{"P2P_NODE_ID", "worker-1"}, {"P2P_COORDINATOR_ADDRESSES", "a:8001, [fd00::1]:8002"}};
  const auto good = load(sources);
  REQUIRE(good.problems.empty());
  CHECK(good.config.values.coordinator_addresses == std::vector<std::string>{"a:8001", "[fd00::1]:8002"});

  sources.environment.emplace_back("P2P_PORT", "eighty");
  const auto bad = load(sources);
  REQUIRE(bad.problems.size() == 1);
  CHECK(bad.problems[0] == "P2P_PORT: expects an integer from 0 to 65535, not \"eighty\"");
}

TEST_CASE("a misspelt variable is a warning, and the tools' own variables are known") {
  Sources sources;
  sources.environment = {{"P2P_NODE_ID", "worker-1"}, {"P2P_PROT", "1"},         {"P2P_HOME", "/x"},
                         {"P2P_TOKEN", "t"},          {"P2P_INVITATION", "i"},   {"P2P_COORDINATOR", "c"},
                         {"P2P_BIN_DIR", "/b"},       {"P2P_NODE_SOCKET", "/s"}, {"P2P_VAULT_PASSWORD", "v"}};
  const auto out = load(sources);
  CHECK(out.problems.empty());
  REQUIRE(out.warnings.size() == 1);
  CHECK(out.warnings[0] == "environment variable P2P_PROT is not known; did you mean P2P_PORT?");
}

TEST_CASE("--set says what is wrong with it") {
  CHECK(load_text("", {"port"}).problems == std::vector<std::string>{"--set \"port\": expects key=value"});
  CHECK(load_text("", {"prot=1"}).problems ==
        std::vector<std::string>{"--set: unknown key \"prot\"; did you mean \"port\"?"});
  CHECK(load_text("", {"port=70000"}).problems ==
        std::vector<std::string>{"--set port: 70000 is out of range; expects an integer from 0 to 65535"});
}

TEST_CASE("all problems are told, up to a cap") {
  const auto few = load_text("prot: 1\nport: eighty\nthreads: -1\n");
  CHECK(few.problems == std::vector<std::string>{
                            "node.yaml:1:1: unknown key \"prot\"; did you mean \"port\"?",
                            "node.yaml:2:7: port: expects an integer from 0 to 65535, not \"eighty\"",
                            "node.yaml:3:10: threads: expects an integer from 0 to 256, not \"-1\"",
                        });
  std::string many;
  for (int i = 0; i < 30; ++i) many += "zzzzz" + std::to_string(i) + ": 1\n";
  const auto capped = load_text(many).problems;
  REQUIRE(capped.size() == kMaxProblems + 1);
  CHECK(capped.back() == "and 10 more");
}

TEST_CASE("the name is taken from the only node certificate, and asked for otherwise") {
  Sources sources;
  sources.certificate_files = {"ca_cert.pem",       "ca_key.pem",       "operator_cert.pem", "operator_key.pem",
                               "worker-1_cert.pem", "worker-1_key.pem", "half_cert.pem",     "notes.txt"};
  const auto one = load(sources);
  REQUIRE(one.problems.empty());
  CHECK(one.config.values.node_id == "worker-1");
  CHECK(one.config.origins.at("node_id").where == "certs/worker-1_cert.pem");
  CHECK_FALSE(one.config.given("node_id"));

  sources.certificate_files.insert(sources.certificate_files.end(), {"worker-2_cert.pem", "worker-2_key.pem"});
  const auto two = load(sources);
  REQUIRE(two.problems.size() == 1);
  CHECK(two.problems[0].find("(worker-1, worker-2)") != std::string::npos);

  const auto none = load(Sources{});
  REQUIRE(none.problems.size() == 1);
  CHECK(none.problems[0] == "node_id is not set and certs/ holds no node certificate");
  CHECK(none.hint.find("p2p-node join") != std::string::npos);
  CHECK(none.hint.find("p2p-ca init && p2p-node --set node_id=NAME") != std::string::npos);
  CHECK(two.hint.empty());

  // "p2p-ca init" would fail where it has been done.
  sources.certificate_files = {"ca_cert.pem", "ca_key.pem", "operator_cert.pem", "operator_key.pem"};
  const auto initialized = load(sources);
  REQUIRE(initialized.problems.size() == 1);
  CHECK(initialized.hint.find("p2p-ca init") == std::string::npos);
  CHECK(initialized.hint.find(": p2p-node --set node_id=NAME") != std::string::npos);
}

TEST_CASE("changes are apart by what SIGHUP can take over") {
  NodeConfig before, after;
  after.log_level = p2p::LogLevel::debug;
  after.rate_limit_rpc_requests = 500;
  after.port = 9000;
  const Changes changes = compare(before, after);
  CHECK(changes.live == std::vector<std::string>{"rate_limit_rpc_requests", "log_level"});
  CHECK(changes.after_restart == std::vector<std::string>{"port"});
  take_live(before, after);
  CHECK(compare(before, after).live.empty());
  CHECK(compare(before, after).after_restart == changes.after_restart);
}
