// From an endpoint to a verified connection: name, address, TCP, TLS, the peer's identity.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "net/call_watch.hpp"
#include "net/client.hpp"
#include "net/stream.hpp"
#include "net/tls_session.hpp"

namespace p2p::net {

struct Dialled {
  std::unique_ptr<Stream> stream;
  auth::Caller peer;  ///< anonymous without TLS
};

/// Within the watch's time. Nothing of a request is sent before the peer is the expected one.
boost::asio::awaitable<Result<Dialled>> dial(boost::asio::any_io_executor executor,
                                             std::shared_ptr<const TlsContexts::State> tls, const Endpoint& endpoint,
                                             const ExpectedPeer& expected, CallWatch& watch);

/// The last part of that: TLS of the fleet, where `tls` has it, on a connection on which nothing was sent. `host` is
/// the name that was dialled, `traffic` outlives the stream. The error's text names no address; `timeout` when the
/// watch's time is over. `unexpected` gets who it was, where another member of the fleet was expected.
boost::asio::awaitable<Result<Dialled>> secure(boost::asio::ip::tcp::socket socket,
                                               std::shared_ptr<const TlsContexts::State> tls, const std::string& host,
                                               const ExpectedPeer& expected, CallWatch& watch,
                                               Traffic* traffic = nullptr,
                                               std::optional<pki::Identity>* unexpected = nullptr);

}  // namespace p2p::net
