#include "net/server.hpp"

#include <boost/asio/post.hpp>

#include "net/listener.hpp"
#include "net/run_on.hpp"
#include "net/server_loop.hpp"
#include "net/tls_state.hpp"

namespace p2p::net {
namespace asio = boost::asio;

struct Server::Impl {
  Impl(Router router, const TlsContexts* tls_contexts, ServerOptions options)
      : tls(tls_contexts),
        dispatcher(std::move(router), std::move(options)),
        addresses(dispatcher.limits().max_connections) {}

  const TlsContexts* tls;
  const Dispatcher dispatcher;
  AddressCounter addresses;
  Refusals refusals;
  std::vector<std::unique_ptr<ServerLoop>> loops;
};

Server::Server(std::vector<asio::io_context*> loops, Router router, const TlsContexts* tls, ServerOptions options,
               LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(router), tls, std::move(options))) {
  for (auto* loop : loops) {
    impl_->loops.push_back(std::make_unique<ServerLoop>(loop->get_executor(), impl_->dispatcher, tls, impl_->addresses,
                                                        impl_->refusals, log));
  }
}

Server::~Server() = default;

Result<std::uint16_t> Server::start() {
  if (impl_->tls != nullptr && !impl_->tls->state()->has_certificate) {
    return Error(Errc::invalid, "a server needs a certificate of its own");
  }
  const auto& options = impl_->dispatcher.options();
  const auto listeners = listen_on(options.bind_address, options.port, impl_->loops.size());
  if (!listeners) return listeners.error();
  for (std::size_t i = 0; i < impl_->loops.size(); ++i) {
    ServerLoop& loop = *impl_->loops[i];
    asio::post(loop.executor(),
               [&loop, socket = listeners->sockets[i], ipv6 = listeners->ipv6] { loop.start(socket, ipv6); });
  }
  return listeners->port;
}

asio::awaitable<bool> Server::stop(std::chrono::milliseconds grace) {
  // All begin at once; then each is waited for, which may use up what is left of the grace.
  const Monotonic deadline = std::chrono::steady_clock::now() + grace;
  for (const auto& loop : impl_->loops) {
    asio::post(loop->executor(), [on = loop.get()] { on->begin_stop(); });
  }
  bool clean = true;
  for (const auto& loop : impl_->loops) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    auto stopping = loop->stop(std::max(left, std::chrono::milliseconds(0)));
    auto there = await_on(loop->executor(), std::move(stopping));
    const bool loop_clean = co_await std::move(there);
    clean = clean && loop_clean;
  }
  co_return clean;
}

void Server::drop_connections(std::function<bool(const auth::Caller&)> predicate) {
  const auto shared = std::make_shared<std::function<bool(const auth::Caller&)>>(std::move(predicate));
  for (const auto& loop : impl_->loops) {
    asio::post(loop->executor(), [on = loop.get(), shared] { on->drop(*shared); });
  }
}

ServerCounters Server::counters() const {
  ServerCounters out;
  for (const auto& loop : impl_->loops) {
    const LoopCounters& counters = loop->counters();
    out.connections += counters.connections.get();
    out.refused_connections += counters.refused_connections.get();
    out.handshakes += counters.handshakes.get();
    out.failed_handshakes += counters.failed_handshakes.get();
    out.requests += counters.requests.get();
    out.requests_in_flight += counters.in_flight.get();
    out.open_channels += counters.channels.get();
    counters.by_class.add_to(out.requests_by_class);
    out.bytes_received += counters.traffic.received.get();
    out.bytes_sent += counters.traffic.sent.get();
  }
  out.open_connections = impl_->addresses.total();
  return out;
}

}  // namespace p2p::net
