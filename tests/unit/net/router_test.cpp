#include "net/router.hpp"

#include <doctest/doctest.h>

using namespace p2p::net;

namespace {

Router table() {
  Router router;
  const std::pair<Method, const char*> routes[] = {
      {Method::get, "/health"}, {Method::get, "/services/{name}"}, {Method::post, "/services/{name}/start"},
      {Method::post, "/rpc"},   {Method::delete_, "/rpc"},         {Method::get, "/files/{*}"}};
  for (const auto& [method, pattern] : routes) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    router.add(std::move(route));
  }
  return router;
}

std::string found(const Router& router, Method method, const char* path) {
  const auto match = router.find(method, path);
  std::string out = match.route != nullptr ? match.route->pattern : "-";
  for (const auto& part : match.captured) out += " " + part;
  return out;
}

}  // namespace

TEST_CASE("exact paths and patterns are found with what they capture") {
  const Router router = table();
  CHECK(found(router, Method::get, "/health") == "/health");
  CHECK(found(router, Method::head, "/health") == "/health");
  CHECK(found(router, Method::get, "/services/disk") == "/services/{name} disk");
  CHECK(found(router, Method::post, "/services/disk/start") == "/services/{name}/start disk");
  CHECK(found(router, Method::get, "/files/a/b.txt") == "/files/{*} a/b.txt");
  CHECK(found(router, Method::get, "/files/") == "/files/{*} ");
}

TEST_CASE("near misses are not found") {
  const Router router = table();
  for (const char* path : {"/", "/Health", "/health/", "/services/", "/services", "/services/a/b", "/files"}) {
    CAPTURE(path);
    const auto match = router.find(Method::get, path);
    CHECK(match.route == nullptr);
    CHECK(match.allowed.empty());
    CHECK(match.captured.empty());
  }
}

TEST_CASE("a wrong method names the right ones") {
  const Router router = table();
  CHECK(router.find(Method::post, "/health").allowed == "GET, HEAD");
  CHECK(router.find(Method::get, "/rpc").allowed == "POST, DELETE");
  CHECK(router.find(Method::get, "/services/disk/start").allowed == "POST");
}
