#include "pki_routes.hpp"

#include <utility>

namespace p2p::node {
namespace {

constexpr char kPem[] = "application/x-pem-file";

void add_pki_route(net::Router& router, std::string path, std::string type, TextSource source) {
  net::Route route;
  route.pattern = std::move(path);
  route.permission = auth::Permission::open;
  route.limit_class = net::LimitClass::pki;
  route.handler = [source = std::move(source), type](net::Request&) -> boost::asio::awaitable<net::Response> {
    const auto text = source();
    if (text->empty()) co_return net::Response::problem(404, "this node has none yet");
    auto response = net::Response::text(*text);
    response.content_type = type;
    co_return response;
  };
  router.add(std::move(route));
}

}  // namespace

void add_pki_routes(net::Router& router, TextSource roots, TextSource revocation_lists, TextSource root_list) {
  add_pki_route(router, "/pki/ca.pem", kPem, std::move(roots));
  add_pki_route(router, "/pki/crl.pem", kPem, std::move(revocation_lists));
  add_pki_route(router, "/pki/roots.json", "application/json", std::move(root_list));
}

}  // namespace p2p::node
