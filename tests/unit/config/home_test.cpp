#include "config/home.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "../temporary_folder.hpp"
#include "base/file.hpp"

using namespace p2p::config;
namespace fs = std::filesystem;

namespace {

/// Sets or clears a variable of this process for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = ::getenv(name)) before_ = old;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("home is the flag, else P2P_HOME, else ~/.p2p") {
  const Variable user("HOME", "/home/alice");
  {
    const Variable home("P2P_HOME", "/srv/p2p");
    CHECK(find_home("/flag").value() == "/flag");
    CHECK(find_home("").value() == "/srv/p2p");
    CHECK(find_home("here").value() == fs::current_path() / "here");
  }
  const Variable home("P2P_HOME", nullptr);
  CHECK(find_home("").value() == "/home/alice/.p2p");
  const Variable nobody("HOME", nullptr);
  CHECK(find_home("").error().kind() == p2p::Errc::invalid);
}

TEST_CASE("sources come from config/node.yaml where it exists, and a missing --config is an error") {
  const p2p::test::TemporaryFolder home;
  const Paths paths(home.path());
  const auto empty = gather_sources(paths, "", {});
  REQUIRE(empty.has_value());
  CHECK(empty->file_name.empty());

  const Variable port("P2P_PORT", "4242");
  REQUIRE(p2p::write_file(home.path() / "config/node.yaml", "threads: 3\n", p2p::kPublicMode).has_value());
  REQUIRE(p2p::write_file(home.path() / "certs/w_cert.pem", "x", p2p::kPublicMode).has_value());
  REQUIRE(p2p::write_file(home.path() / "certs/w_key.pem", "x", p2p::kSecretMode).has_value());
  const auto found = gather_sources(paths, "", {"log_level=ERROR"});
  REQUIRE(found.has_value());
  const auto out = load(*found);
  CHECK(out.problems == std::vector<std::string>{});
  CHECK(out.config.values.port == 4242);
  CHECK(out.config.values.threads == 3);
  CHECK(out.config.values.node_id == "w");
  CHECK(out.config.values.log_level == p2p::LogLevel::error);

  const auto missing = gather_sources(paths, (home.path() / "absent.yaml").string(), {});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind() == p2p::Errc::not_found);
  CHECK(missing.error().context.find("absent.yaml") != std::string::npos);
}
