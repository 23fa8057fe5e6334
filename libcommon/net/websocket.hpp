// WebSocket (RFC 6455) on a Stream, both sides, behind Channel. Beast is in the implementation alone.
#pragma once

#include <memory>
#include <string>

#include "net/channel.hpp"
#include "net/http.hpp"
#include "net/stream.hpp"

namespace p2p::net {

class WebSocketChannel : public Channel {
 public:
  /// The server's opening handshake, from the request that asks for it; at most 5 s.
  virtual boost::asio::awaitable<Result<void>> accept(const Request& request) = 0;
  /// The client's; at most 5 s. A refusal is `not_permitted` (401, 403), `not_found`, `limited` (429) or
  /// `unreachable`, and names the status.
  virtual boost::asio::awaitable<Result<void>> connect(std::string host, std::string target, Headers headers) = 0;
  /// Waits until the connection has ended; close() or abort() comes before.
  virtual boost::asio::awaitable<void> finished() = 0;
};

using WebSocketChannelPtr = std::shared_ptr<WebSocketChannel>;

/// `received` is what was read past the request's head. Lives on the stream's loop.
WebSocketChannelPtr make_websocket(std::unique_ptr<Stream> stream, std::string received, auth::Caller peer,
                                   ChannelLimits limits);

}  // namespace p2p::net
