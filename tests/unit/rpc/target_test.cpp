#include "rpc/target.hpp"

#include <doctest/doctest.h>

namespace p2p::rpc {
namespace {

const std::vector<Candidate> kFleet = {
    {"c1", pki::Role::coordinator, true, {}},
    {"w1", pki::Role::worker, true, {"disk"}},
    {"w2", pki::Role::worker, false, {"disk"}},
    {"w3", pki::Role::worker, true, {}},
};

std::vector<std::string> names(std::string_view target, std::string_view service = "system") {
  std::vector<std::string> out;
  for (const Candidate* member : matching(kFleet, parse_target(target).value(), service))
    out.push_back(member->node_id);
  return out;
}

TEST_CASE("targets are read and written alike") {
  for (const char* text : {"node:worker-1", "role:worker", "role:coordinator", "service:disk", "all", "all:worker"}) {
    CHECK(to_text(parse_target(text).value()) == text);
  }
}

TEST_CASE("other targets are refused") {
  for (const char* text : {"", "node:", "node", "node:../x", "role:operator", "role:", "all:", "all:operator", "any",
                           "service:", "node:a b", "NODE:a"}) {
    CAPTURE(text);
    CHECK(parse_target(text).error().kind() == Errc::invalid);
  }
}

TEST_CASE("a target means these nodes") {
  using Names = std::vector<std::string>;
  CHECK(names("node:w2") == Names{"w2"});
  CHECK(names("node:w9").empty());
  CHECK(names("service:disk") == Names{"w1"});
  CHECK(names("role:worker") == Names{"w1", "w3"});
  CHECK(names("role:worker", "disk") == Names{"w1"});
  CHECK(names("all") == Names{"c1", "w1", "w2", "w3"});
  CHECK(names("all:worker") == Names{"w1", "w2", "w3"});
  CHECK(names("all", "disk") == Names{"w1", "w2"});
  CHECK(names("all:coordinator", "disk") == Names{"c1"});
}

TEST_CASE("a draining node is meant only by its own name") {
  std::vector<Candidate> fleet = kFleet;
  fleet[1].draining = true;
  const auto count = [&](std::string_view target) {
    return matching(fleet, parse_target(target).value(), "disk").size();
  };
  CHECK(count("node:w1") == 1);
  CHECK(count("service:disk") == 0);
  CHECK(count("all:worker") == 1);
  // Of the workers none that gets calls has the service, so any of them is asked.
  CHECK(count("role:worker") == 1);
}

}  // namespace
}  // namespace p2p::rpc
