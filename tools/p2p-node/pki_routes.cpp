#include "pki_routes.hpp"

#include <utility>

namespace p2p::node {
namespace {

void add(net::Router& router, std::string path, PemSource source) {
  net::Route route;
  route.pattern = std::move(path);
  route.permission = auth::Permission::open;
  route.handler = [source = std::move(source)](net::Request&) -> boost::asio::awaitable<net::Response> {
    const auto pem = source();
    if (pem->empty()) co_return net::Response::problem(404, "this node has none yet");
    auto response = net::Response::text(*pem);
    response.content_type = "application/x-pem-file";
    co_return response;
  };
  router.add(std::move(route));
}

}  // namespace

void add_pki_routes(net::Router& router, PemSource roots, PemSource revocation_lists) {
  add(router, "/pki/ca.pem", std::move(roots));
  add(router, "/pki/crl.pem", std::move(revocation_lists));
}

}  // namespace p2p::node
