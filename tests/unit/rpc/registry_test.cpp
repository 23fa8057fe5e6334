#include "rpc/registry.hpp"

#include <doctest/doctest.h>

namespace p2p::rpc {
namespace {

Service service(std::string name, std::string version) {
  Service made;
  made.name = name;
  made.version = std::move(version);
  made.methods.push_back({});
  made.methods.back().name = name + ".run";
  return made;
}

TEST_CASE("methods are found by dot or slash") {
  Registry registry;
  registry.publish(service("disk", "1"));
  const auto view = registry.snapshot();
  REQUIRE(view->find("disk.run") != nullptr);
  CHECK(view->find("disk/run") == view->find("disk.run"));
  CHECK(view->find("disk.other") == nullptr);
  CHECK(view->find("") == nullptr);
}

TEST_CASE("a snapshot keeps what was withdrawn or replaced after it was taken") {
  Registry registry;
  registry.publish(service("disk", "1"));
  const auto before = registry.snapshot();
  registry.publish(service("disk", "2"));
  const auto after = registry.snapshot();
  registry.withdraw("disk");
  CHECK(before->services.at("disk")->version == "1");
  CHECK(before->find("disk.run")->name == "disk.run");
  CHECK(after->services.at("disk")->version == "2");
  CHECK(registry.snapshot()->find("disk.run") == nullptr);
}

}  // namespace
}  // namespace p2p::rpc
