#include "../../../tools/p2p-node/settings.hpp"

#include <doctest/doctest.h>

#include <boost/asio/awaitable.hpp>

#include "net/dispatch.hpp"

using namespace p2p;
using namespace std::chrono_literals;

namespace {

/// How long a request that asks for `wanted` may take on a node as it is configured by default.
std::chrono::milliseconds time_given(std::chrono::milliseconds wanted) {
  net::Router router;
  net::Route route;
  route.method = net::Method::post;
  route.pattern = "/rpc";
  router.add(std::move(route));
  const net::Dispatcher dispatcher(std::move(router), node::server_options(config::NodeConfig()));
  net::Request request;
  request.method = net::Method::post;
  request.path = "/rpc";
  request.headers.add("P2P-Timeout-Ms", std::to_string(wanted.count()));
  const Monotonic now{};
  net::LimitClass limit_class{};
  net::Response refusal;
  dispatcher.admit(request, now, limit_class, refusal);
  return std::chrono::floor<std::chrono::milliseconds>(request.deadline - now);
}

}  // namespace

TEST_CASE("a call has the time that it asks for, up to the hour that methods and manifests may state") {
  CHECK(time_given(90s) == 90s);
  CHECK(time_given(45min) == 45min);
  CHECK(time_given(1h) == 1h);
  CHECK(time_given(2h) == 1h);
}
