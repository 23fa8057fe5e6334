#include "net/dial.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/tls_state.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;
using Addresses = std::vector<tcp::endpoint>;

/// Outlives the call when it gives up: a lookup cannot be cancelled.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), finished(executor, asio::steady_timer::time_point::max()) {}
  tcp::resolver resolver;
  asio::steady_timer finished;
  bool done = false;
  boost::system::error_code error;
  Addresses addresses;
};

asio::awaitable<Result<Addresses>> resolve(asio::any_io_executor executor, const Endpoint& endpoint, CallWatch& watch) {
  boost::system::error_code not_numeric;
  const auto numeric = asio::ip::make_address(endpoint.host, not_numeric);
  if (!not_numeric) co_return Addresses{tcp::endpoint(numeric, endpoint.port)};

  const auto lookup = std::make_shared<Lookup>(executor);
  auto found = [lookup](boost::system::error_code error, const tcp::resolver::results_type& results) {
    lookup->done = true;
    lookup->error = error;
    for (const auto& result : results) lookup->addresses.push_back(result.endpoint());
    lookup->finished.cancel();
  };
  lookup->resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), tcp::resolver::numeric_service,
                                 std::move(found));
  watch.guard([lookup] { lookup->finished.cancel(); });
  if (!lookup->done) co_await lookup->finished.async_wait(asio::as_tuple(asio::use_awaitable));
  watch.release();
  if (lookup->done && !lookup->error && !lookup->addresses.empty()) co_return std::move(lookup->addresses);
  const std::string why = lookup->error ? lookup->error.message() : "the name was not resolved";
  co_return watch.reason(endpoint.to_text(), Error(Errc::unreachable, endpoint.host + ": " + why));
}

/// Each address gets an equal part of the time that is left.
asio::awaitable<Result<tcp::socket>> connect(asio::any_io_executor executor, const Endpoint& endpoint,
                                             const Addresses& addresses, CallWatch& watch) {
  boost::system::error_code last = asio::error::host_not_found;
  for (std::size_t i = 0; i < addresses.size() && !watch.over(); ++i) {
    tcp::socket socket(executor);
    const Monotonic now = std::chrono::steady_clock::now();
    watch.slice(now + (watch.deadline() - now) / static_cast<int>(addresses.size() - i));
    watch.guard([&socket] { socket.close(); });
    const auto [error] = co_await socket.async_connect(addresses[i], asio::as_tuple(asio::use_awaitable));
    watch.release();
    if (!error) {
      watch.whole();
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      co_return std::move(socket);
    }
    last = error == asio::error::operation_aborted ? make_error_code(asio::error::timed_out) : error;
  }
  watch.whole();
  co_return watch.reason(endpoint.to_text(), Error(Errc::unreachable, endpoint.to_text() + ": " + last.message()));
}

auth::Caller to_caller(TlsPeer peer, const Stream::Socket& socket) {
  auth::Caller out;
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (!error) {
    out.address = remote.address().to_string();
    out.loopback = remote.address().is_loopback();
  }
  out.over_p2p = peer.over_p2p;
  out.certificate = std::move(peer.certificate);
  if (peer.identity) out.scopes = auth::Scopes::of_role(peer.identity->role);
  out.identity = std::move(peer.identity);
  return out;
}

asio::awaitable<Result<TlsPeer>> shake_hands(Stream& stream, const Endpoint& endpoint, CallWatch& watch) {
  watch.guard([&stream] { stream.cancel(); });
  const auto shaken = co_await stream.handshake();
  watch.release();
  if (shaken) co_return tls_peer(stream.ssl());
  const std::string refusal = tls_refusal(stream.ssl());
  const std::string& why = refusal.empty() ? shaken.error().context : refusal;
  co_return watch.reason(endpoint.to_text(), Error(Errc::unreachable, endpoint.to_text() + ": " + why));
}

bool all_loopback(const Addresses& addresses) {
  return std::all_of(addresses.begin(), addresses.end(),
                     [](const tcp::endpoint& address) { return address.address().is_loopback(); });
}

}  // namespace

asio::awaitable<Result<Dialled>> dial(asio::any_io_executor executor, std::shared_ptr<const TlsContexts::State> tls,
                                      const Endpoint& endpoint, const ExpectedPeer& expected, CallWatch& watch) {
  const auto addresses = co_await resolve(executor, endpoint, watch);
  if (!addresses) co_return addresses.error();
  if (!tls->client && !all_loopback(*addresses)) {
    co_return Error(Errc::not_permitted, endpoint.to_text() + ": without TLS only this machine is called");
  }
  auto socket = co_await connect(executor, endpoint, *addresses, watch);
  if (!socket) co_return socket.error();
  Dialled out;
  TlsPeer peer;
  if (tls->client) {
    out.stream = std::make_unique<Stream>(std::move(*socket), make_client_ssl(tls, expected, endpoint.host));
    auto checked = co_await shake_hands(*out.stream, endpoint, watch);
    if (!checked) co_return checked.error();
    peer = std::move(*checked);
  } else {
    out.stream = std::make_unique<Stream>(std::move(*socket));
  }
  out.peer = to_caller(std::move(peer), out.stream->socket());
  co_return out;
}

}  // namespace p2p::net
