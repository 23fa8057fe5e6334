// From a URL to a connection on which a request can be sent. For the web client alone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "net/call_watch.hpp"
#include "net/stream.hpp"
#include "net/tls_state.hpp"
#include "net/web_client.hpp"

namespace p2p::net {

struct WebTrust::State {
  SslContextPtr context;  ///< null: of_fleet
  bool verifies = true;
  const TlsContexts* fleet = nullptr;
  std::optional<Endpoint> at{};  ///< of a fleet: dialled in place of the URL's host
};

using WebDialled = boost::system::result<std::unique_ptr<Stream>, WebError>;

/// Resolves, connects and, for https, shakes hands with a peer that `trust` accepts; within the watch's time.
/// `only_remote` as in WebRequest.
boost::asio::awaitable<WebDialled> dial_web(boost::asio::any_io_executor executor, WebTrust trust, const Url& url,
                                            bool only_remote, CallWatch& watch);

}  // namespace p2p::net
