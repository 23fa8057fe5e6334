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

TEST_CASE("a method's calls are counted on when its service is published anew, and from the start when it was gone") {
  Registry registry;
  registry.publish(service("disk", "1"));
  const auto before = registry.snapshot();
  ++before->find("disk.run")->counts->done;
  registry.publish(service("disk", "2"));
  ++before->find("disk.run")->counts->done;  // a call that began before
  CHECK(registry.snapshot()->find("disk.run")->counts->done == 2);
  registry.withdraw("disk");
  registry.publish(service("disk", "3"));
  CHECK(registry.snapshot()->find("disk.run")->counts->done == 0);
}

}  // namespace
}  // namespace p2p::rpc
