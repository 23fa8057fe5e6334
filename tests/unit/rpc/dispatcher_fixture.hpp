// A dispatcher of a worker with a few methods, and a caller.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "rpc/dispatcher.hpp"
#include "run.hpp"

namespace p2p::rpc {

inline Method method(std::string name, MethodHandler handler,
                     auth::Permission permission = auth::Permission::authenticated) {
  Method made;
  made.name = std::move(name);
  made.permission = permission;
  made.handler = std::move(handler);
  return made;
}

inline boost::asio::awaitable<Outcome> echo(CallContext call) { co_return call.params.empty() ? "null" : call.params; }
inline boost::asio::awaitable<Outcome> who(CallContext call) { co_return dump_json(Json(call.caller.identity->name)); }
inline boost::asio::awaitable<Outcome> never(CallContext) {
  namespace asio = boost::asio;
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return "null";
}
inline boost::asio::awaitable<Outcome> throws(CallContext) { throw std::runtime_error("secret of the implementation"); }

struct DispatcherFixture {
  Registry registry;
  NullLogSink log;
  Dispatcher dispatcher{{"w1", pki::Role::worker}, registry, nullptr, log};
  net::Request request;

  DispatcherFixture() {
    Service test{"test", "1", "", true, {}};
    test.methods = {method("test.echo", echo), method("test.who", who), method("test.never", never),
                    method("test.throws", throws), method("test.admin", echo, auth::Permission::admin)};
    registry.publish(std::move(test));
    as(pki::Role::worker, "w7");
  }

  void as(pki::Role role, std::string name) {
    request.caller = {};
    request.caller.identity = pki::Identity{"p2p", role, std::move(name)};
    request.caller.scopes = auth::Scopes::of_role(role);
    request.caller.over_p2p = true;
  }
  net::Response post(std::string body) {
    request.method = net::Method::post;
    request.path = "/rpc";
    request.body = std::move(body);
    return test::run(dispatcher.handle(request));
  }
  Json call(std::string name, std::string params = "{}") {
    return parse_json(post(R"({"jsonrpc":"2.0","id":1,"method":")" + name + R"(","params":)" + params + "}").body)
        .value();
  }
};

/// Begins, and is cancelled as by a client that goes away.
inline void hang_up(boost::asio::awaitable<net::Response> work) {
  namespace asio = boost::asio;
  asio::io_context loop;
  asio::cancellation_signal client;
  bool has_ended = false;
  asio::co_spawn(loop, std::move(work),
                 asio::bind_cancellation_slot(
                     client.slot(), [&](const std::exception_ptr&, const net::Response&) { has_ended = true; }));
  loop.poll();
  client.emit(asio::cancellation_type::terminal);
  loop.run();
  CHECK(has_ended);
}

}  // namespace p2p::rpc
