// The dashboard on a port of this machine: what a browser asks for there goes to the coordinator over `p2p/1`, with the
// operator's certificate and a session that this program has signed in to. So the browser needs to know nothing of the
// fleet's CA.
//
// Other programs of this machine, and pages of elsewhere in the same browser, reach the port too. So every path begins
// with a secret; `Host` must be this port of 127.0.0.1 or localhost, which a name that was rebound to 127.0.0.1 is not
// (DNS rebinding); and a change or WebSocket needs this very `Origin`. The browser's cookies go nowhere.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/failure.hpp"
#include "net/client.hpp"
#include "net/server.hpp"

namespace p2p::ctl {

/// A new token of the coordinator, by the operator's certificate; on the proxy's loop.
using TokenSource = std::function<boost::asio::awaitable<cli::Attempt<std::string>>()>;

/// Lives on `loop`, which must have one thread.
class DashboardProxy {
 public:
  /// `client` is of the same loop; it and the log outlive this.
  DashboardProxy(boost::asio::io_context& loop, net::Client& client, net::Endpoint coordinator, std::uint16_t port,
                 TokenSource tokens, LogSink& log);
  ~DashboardProxy();

  /// Listens; errors are those of net::Server::start(). Before sign_in() nothing is served.
  Result<void> start();
  /// Opens a session. One that ends is followed by another when the page next asks for something, unless the page has
  /// signed out. Fails as the token source does, or when the coordinator does not take the token.
  boost::asio::awaitable<cli::Attempt<void>> sign_in();
  /// `http://127.0.0.1:PORT/SECRET/dashboard`
  std::string address() const;
  /// Ends the session and all connections. Who is signing in is waited for, which the token source may draw out.
  boost::asio::awaitable<void> stop();

 private:
  /// What signing in has given.
  struct Session {
    std::string cookie;  ///< its value
    std::string secret;  ///< what changes are sent with
  };

  net::Router make_router();
  bool is_guarded(const net::Request& request, bool changes) const;
  boost::asio::awaitable<net::Response> pass_on(net::Request& request);
  boost::asio::awaitable<void> pass_on_channel(net::Request request, net::ChannelPtr page);
  boost::asio::awaitable<void> copy_from_page(net::ChannelPtr page, net::ChannelPtr upstream, bool& over) const;
  /// With the session; where that has ended, with another one.
  boost::asio::awaitable<net::CallResult> ask(net::Call call);
  void begin_sign_in();
  /// Whether there is another session than the refused one.
  boost::asio::awaitable<bool> sign_in_again(std::string refused_cookie);
  net::Call call_of(net::Request& request) const;
  net::Call session_call(net::Method method) const;

  boost::asio::io_context& loop_;
  net::Client& client_;
  const net::Endpoint coordinator_;
  const TokenSource tokens_;
  Session session_;
  bool is_signing_in_ = false, has_signed_out_ = false;
  Monotonic next_sign_in_{};
  std::optional<std::string> refusal_;   // why the coordinator did not take the certificate the last time
  boost::asio::steady_timer signed_in_;  // ends the wait of who found somebody signing in already
  const std::string path_secret_;
  const std::string page_secret_;  // the page's, whichever session there is
  std::uint16_t port_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace p2p::ctl
