#include "addresses/coordinators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "net/run_alone.hpp"
#include "network.hpp"

namespace p2p::addresses {
namespace {

FoundCoordinators find(std::vector<net::Endpoint> names, std::vector<NamedCoordinator> before) {
  boost::asio::io_context loop;
  NullLogSink log;
  auto finding =
      find_coordinators(loop.get_executor(), std::move(names), std::move(before), std::chrono::seconds(20), log);
  return net::run_alone(loop, std::move(finding));
}

}  // namespace

TEST_CASE("a name that is not known holds up no other, and what was known of it holds") {
  // RFC 6761 section 6.4: .invalid never resolves.
  const NamedCoordinator known{"gone.invalid:8001", {ip("192.0.2.7"), 8001}};
  const NamedCoordinator forgotten{"other.example:8001", {ip("192.0.2.8"), 8001}};
  const auto found = find({{"gone.invalid", 8001}, {"localhost", 8001}, {"192.0.2.9", 8001}}, {known, forgotten});
  CHECK(found.unresolved.has_value());
  REQUIRE(found.coordinators.size() >= 3);
  CHECK(found.coordinators.front() == known);
  CHECK(found.coordinators[1].named == "localhost:8001");
  CHECK(found.coordinators[1].coordinator.address.is_loopback());
  CHECK(found.coordinators.back() == NamedCoordinator{"192.0.2.9:8001", {ip("192.0.2.9"), 8001}});
  CHECK(std::find(found.coordinators.begin(), found.coordinators.end(), forgotten) == found.coordinators.end());
}

TEST_CASE("an address under two names is one coordinator") {
  const auto found = find({{"192.0.2.9", 8001}, {"192.0.2.9", 8001}, {"192.0.2.9", 8002}}, {});
  CHECK(found.coordinators.size() == 2);
}

}  // namespace p2p::addresses
