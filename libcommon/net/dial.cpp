#include "net/dial.hpp"

#include <algorithm>

#include "net/connect.hpp"
#include "net/tls_state.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

auth::Caller to_caller(TlsPeer peer, const Stream::Socket& socket) {
  auth::Caller out;
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (!error) {
    out.address = remote.address().to_string();
    out.loopback = remote.address().is_loopback();
  }
  const auto local = socket.local_endpoint(error);
  if (!error) out.own_address = local.address().to_string();
  out.over_p2p = peer.over_p2p;
  out.certificate = std::move(peer.certificate);
  if (peer.identity) out.scopes = auth::Scopes::of_role(peer.identity->role);
  out.identity = std::move(peer.identity);
  return out;
}

asio::awaitable<Result<TlsPeer>> shake_hands(Stream& stream, CallWatch& watch) {
  watch.guard([&stream] { stream.cancel(); });
  const auto shaken = co_await stream.handshake();
  watch.release();
  if (shaken) co_return tls_peer(stream.ssl());
  const std::string refusal = tls_refusal(stream.ssl());
  if (!refusal.empty()) co_return Error(Errc::unreachable, refusal);
  co_return watch.over() ? Error(Errc::timeout, "no answer") : Error(Errc::unreachable, shaken.error().context);
}

bool all_loopback(const Addresses& addresses) {
  return std::all_of(addresses.begin(), addresses.end(),
                     [](const asio::ip::tcp::endpoint& address) { return address.address().is_loopback(); });
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
  auto securing = secure(std::move(*socket), std::move(tls), endpoint.host, expected, watch);
  auto out = co_await std::move(securing);
  if (out) co_return std::move(*out);
  const std::string name = endpoint.to_text();
  co_return watch.reason(name, Error(out.error().code, name + ": " + out.error().context));
}

asio::awaitable<Result<Dialled>> secure(asio::ip::tcp::socket socket, std::shared_ptr<const TlsContexts::State> tls,
                                        const std::string& host, const ExpectedPeer& expected, CallWatch& watch,
                                        Traffic* traffic, std::optional<pki::Identity>* unexpected) {
  Dialled out;
  TlsPeer peer;
  if (tls->client) {
    out.stream = std::make_unique<Stream>(std::move(socket), make_client_ssl(tls, expected, host), traffic);
    auto checked = co_await shake_hands(*out.stream, watch);
    if (unexpected != nullptr) *unexpected = unexpected_peer(out.stream->ssl());
    if (!checked) co_return checked.error();
    peer = std::move(*checked);
  } else {
    out.stream = std::make_unique<Stream>(std::move(socket), SslPtr(), traffic);
  }
  out.peer = to_caller(std::move(peer), out.stream->socket());
  co_return std::move(out);
}

}  // namespace p2p::net
