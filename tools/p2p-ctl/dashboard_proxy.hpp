// The dashboard on a port of this machine: what a browser asks for there goes to the coordinator over `p2p/1`, with the
// operator's certificate and a session that this program has signed in to. So the browser needs to know nothing of the
// fleet's CA.
//
// Other programs of this machine, and pages of elsewhere in the same browser, reach the port too. So every path begins
// with a secret; `Host` must be this port of 127.0.0.1 or localhost, which a name that was rebound to 127.0.0.1 is not
// (DNS rebinding); and a change or WebSocket needs this very `Origin`. The browser's cookies go nowhere.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "net/client.hpp"
#include "net/server.hpp"

namespace p2p::ctl {

/// What signing in has given.
struct DashboardSession {
  std::string cookie;  ///< its value
  std::string secret;  ///< what changes are sent with
};

/// Trades the token. `not_permitted` when the coordinator does not take it.
boost::asio::awaitable<Result<DashboardSession>> sign_in(net::Client& client, net::Endpoint coordinator,
                                                         std::string token);

/// Lives on `loop`, which must have one thread.
class DashboardProxy {
 public:
  /// `client` is of the same loop; it and the log outlive this.
  DashboardProxy(boost::asio::io_context& loop, net::Client& client, net::Endpoint coordinator, std::uint16_t port,
                 LogSink& log);
  ~DashboardProxy();

  /// Listens; errors are those of net::Server::start().
  Result<void> start();
  /// What is asked for from now on is asked for with this session; before it nothing is served.
  void use(DashboardSession session) { session_ = std::move(session); }
  /// `http://127.0.0.1:PORT/SECRET/dashboard`
  std::string address() const;
  /// Ends the session and all connections.
  boost::asio::awaitable<void> stop();

 private:
  net::Router make_router();
  bool is_guarded(const net::Request& request, bool changes) const;
  boost::asio::awaitable<net::Response> pass_on(net::Request& request);
  boost::asio::awaitable<void> pass_on_channel(net::Request request, net::ChannelPtr page);
  net::Headers headers_for(const net::Request& request) const;

  boost::asio::io_context& loop_;
  net::Client& client_;
  const net::Endpoint coordinator_;
  DashboardSession session_;
  const std::string path_secret_;
  std::uint16_t port_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace p2p::ctl
