// The answering side of gossip: its routes, and exchanges that others begin.
#include <utility>

#include "gossip.hpp"
#include "net/run_on.hpp"

namespace p2p::node {

namespace asio = boost::asio;

net::Response refusal(const Error& error) {
  switch (error.kind()) {
    case Errc::damaged: return net::Response::problem(400, error.context);
    case Errc::exists: return net::Response::problem(409, error.context);
    default: return net::Response::problem(error);
  }
}

void Gossip::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string path, net::Handler handler) {
    net::Route route;
    route.method = method;
    route.pattern = std::move(path);
    route.permission = auth::Permission::node;
    route.limit_class = net::LimitClass::internal;
    route.handler = std::move(handler);
    route.max_body_bytes = membership::kMaxMessageBytes;
    route.content_coding = kGossipCoding;
    router.add(std::move(route));
  };
  add(net::Method::post, "/internal/gossip/exchange", [this](net::Request& request) -> asio::awaitable<net::Response> {
    auto task = answer_exchange(*request.caller.identity, std::move(request.body), is_lz4(request.headers));
    auto there = net::await_on(control_.get_executor(), std::move(task));
    co_return co_await std::move(there);
  });
  add(net::Method::post, "/internal/gossip/join", [this](net::Request& request) -> asio::awaitable<net::Response> {
    auto task = answer_join(*request.caller.identity, std::move(request.body), is_lz4(request.headers));
    auto there = net::await_on(control_.get_executor(), std::move(task));
    co_return co_await std::move(there);
  });
  // Which process this is: tells a restarted node from a second one with the same name.
  const std::string instance = std::to_string(membership_.self().instance);
  add(net::Method::get, "/internal/instance",
      [instance](net::Request&) -> asio::awaitable<net::Response> { co_return net::Response::text(instance); });
}

asio::awaitable<net::Response> Gossip::answer_exchange(Identity peer, std::string body, bool lz4) {
  const auto message = wire_.unpack(body, lz4);
  if (!message) {
    complain(peer.name, message.error());
    co_return refusal(message.error());
  }
  const auto answer = membership_.receive(peer, *message, now());
  pump();
  co_return answer ? wire_.respond(*answer) : refusal(answer.error());
}

}  // namespace p2p::node
