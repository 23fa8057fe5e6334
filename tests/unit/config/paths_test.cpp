#include "config/paths.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace p2p::config;

TEST_CASE("relative paths lie under home and absolute ones stay") {
  const Paths paths("/var/lib/p2p");
  NodeConfig config;
  CHECK(paths.resolve("certs/ca_cert.pem") == "/var/lib/p2p/certs/ca_cert.pem");
  CHECK(paths.resolve("/etc/ssl/ca.pem") == "/etc/ssl/ca.pem");
  CHECK(paths.default_config() == "/var/lib/p2p/config/node.yaml");
  config.state_directory = "data/coordinator";
  CHECK(paths.state_file(config, config.gossip_state_file) == "/var/lib/p2p/data/coordinator/gossip_state.json");
}

TEST_CASE("a node finds its certificate by its name, then by the common one, unless told") {
  NodeConfig config;
  config.node_id = "worker-1";
  std::set<std::string> files;
  const auto exists = [&](const std::string& path) { return files.contains(path); };
  const CertificateFiles by_name{"certs/worker-1_cert.pem", "certs/worker-1_key.pem"};

  CHECK(own_certificate_files(config, exists) == by_name);
  files = {"certs/node_cert.pem"};
  CHECK(own_certificate_files(config, exists) == CertificateFiles{"certs/node_cert.pem", "certs/node_key.pem"});
  files.insert("certs/worker-1_cert.pem");
  CHECK(own_certificate_files(config, exists) == by_name);
  config.ssl_cert_file = "/etc/a.pem";
  config.ssl_key_file = "/etc/b.pem";
  CHECK(own_certificate_files(config, exists) == CertificateFiles{"/etc/a.pem", "/etc/b.pem"});
}

TEST_CASE("session threads are one a core, at most four, unless told") {
  NodeConfig config;
  CHECK(session_threads(config, 2) == 2);
  CHECK(session_threads(config, 64) == 4);
  CHECK(session_threads(config, 0) == 1);
  config.threads = 7;
  CHECK(session_threads(config, 2) == 7);
}
