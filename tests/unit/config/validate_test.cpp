#include <doctest/doctest.h>

#include "config/checks.hpp"
#include "load_text.hpp"

using namespace p2p::config;
using namespace std::chrono_literals;

TEST_CASE("gossip intervals are in order, and the current one follows the bounds unless given") {
  CHECK(
      problem_of("gossip_interval_min: 40").find("gossip_interval_min: 40 is above gossip_interval_max, which is 30") !=
      std::string::npos);
  CHECK(problem_of("gossip_interval_current: 40") ==
        "node.yaml:1:26: gossip_interval_current: 40 is outside gossip_interval_min 5 to gossip_interval_max 30");
  const auto raised = load_text("gossip_interval_min: 20");
  REQUIRE(raised.problems.empty());
  CHECK(raised.config.values.gossip_interval_current == 20s);
  const auto lowered = load_text("gossip_interval_max: 1\ngossip_interval_min: 0.5");
  REQUIRE(lowered.problems.empty());
  CHECK(lowered.config.values.gossip_interval_current == 1s);
}

TEST_CASE("a node without TLS or verification stays on loopback and alone") {
  for (const std::string key : {"https_enabled", "ssl_verify"}) {
    CAPTURE(key);
    CHECK(problem_of(key + ": false").find("accepted only on loopback") != std::string::npos);
    CHECK(problem_of(key + ": false\nbind_address: 127.0.0.1").empty());
    CHECK(problem_of(key + ": false\nbind_address: \"::1\"").empty());
    CHECK(problem_of(key + ": false\nbind_address: 127.0.0.1\ncoordinator_addresses: [\"a:1\"]")
              .find("only without peers") != std::string::npos);
  }
}

TEST_CASE("names and addresses are checked") {
  CHECK(problem_of("cluster_name: \"a/b\"").find("cluster_name: expects a name of 1 to 63") != std::string::npos);
  CHECK(load_text("", {"node_id=.."}).problems.size() == 1);
  CHECK(problem_of("bind_address: localhost").find("expects an IP address") != std::string::npos);
  CHECK(problem_of("bind_address: \"256.0.0.1\"").find("expects an IP address") != std::string::npos);
  for (const char* good : {"a:1", "coordinator-1.example.org:8001", "10.0.0.1:65535", "[fd00::1]:8001"}) {
    CAPTURE(good);
    CHECK(check_host_port(good) == nullptr);
  }
  for (const char* bad : {"a", "a:", ":1", "a:0", "a:65536", "a:08", "fd00::1:8001", "[fd00::1]", "[zz]:1", "1.2.3:1",
                          "https://a:1", "a b:1", "a:1/", "-a:1", "a..b:1"}) {
    CAPTURE(bad);
    CHECK(check_host_port(bad) != nullptr);
  }
  CHECK(problem_of("coordinator_addresses:\n  - a:1\n  - b") ==
        "node.yaml:3:5: coordinator_addresses: expects an address such as \"coordinator-1:8001\" or "
        "\"[fd00::1]:8001\", not \"b\"");
  CHECK(problem_of("syslog_listen: [\"udp://0.0.0.0:514\", \"unix:///run/log\"]").empty());
  CHECK_FALSE(problem_of("syslog_listen: [\"http://0.0.0.0:514\"]").empty());
  CHECK(problem_of("log_forward: \"tls://syslog.example:6514\"").empty());
  CHECK(problem_of("log_forward: \"udp://syslog.example:514\"").find("tcp://HOST:PORT") != std::string::npos);
  CHECK(problem_of("log_files_multiline: ['/srv/*.log ^\\d{4}-', '* ^\\S']").empty());
  CHECK_FALSE(problem_of("log_files_multiline: ['^\\d{4}-']").empty());
  CHECK(problem_of("log_files_multiline: ['* (?=x)']").find("RE2") != std::string::npos);
  CHECK(problem_of("advertise_address: shop.example").empty());
  CHECK(problem_of("advertise_address: \"fd00::1\"").empty());
  CHECK(problem_of("advertise_address: 192.168.0.0/16").empty());
  CHECK(problem_of("advertise_address: \"fd00::/8\"").empty());
  CHECK(problem_of("advertise_address: eth0.20").empty());
  CHECK_FALSE(problem_of("advertise_address: 192.168.0.0/33").empty());
  CHECK_FALSE(problem_of("advertise_address: eth0/16").empty());
  CHECK_FALSE(problem_of("advertise_address: \"a b\"").empty());
}

TEST_CASE("pairs come together and ports differ") {
  CHECK(problem_of("web_cert_file: a.pem") == "node.yaml:1:16: web_cert_file: needs web_key_file too");
  CHECK(problem_of("web_key_file: a.pem") == "node.yaml:1:15: web_key_file: needs web_cert_file too");
  CHECK(problem_of("port: 8802") == "acme_http_port: 8802 is the node's own port already");
}

TEST_CASE("a contradiction names the flag that made it") {
  const auto out = load_text("", {"ssl_verify=false"});
  REQUIRE(out.problems.size() == 1);
  CHECK(out.problems[0].starts_with("--set ssl_verify: false is accepted only on loopback"));
}
