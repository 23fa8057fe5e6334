// A WebSocket as everything above net/ sees it: whole messages both ways, bounded, with a close that always comes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "auth/permission.hpp"
#include "base/error.hpp"

namespace p2p::net {

/// The code of a close for what the other side may not (RFC 6455 section 7.4.1).
inline constexpr unsigned kPolicyViolation = 1008;

/// Limits of one channel; a peer that goes past one is closed with 1009 or dropped.
struct ChannelLimits {
  std::size_t max_message_bytes = 1 << 20;
  std::size_t max_queued_bytes = 8 << 20;  ///< outgoing bytes not yet taken by the socket
};

struct Message {
  bool binary = true;
  std::string data;
};

/// Shared by its reader and whoever sends. `receive` runs on the channel's executor; the rest may be called from any
/// thread.
class Channel {
 public:
  virtual ~Channel() = default;

  /// The next whole message; an error once closed by either side (`cancelled` for a clean close, see close_code.hpp;
  /// `unreachable` when the connection broke). One outstanding receive at a time; to cancel it breaks the channel.
  virtual boost::asio::awaitable<Result<Message>> receive() = 0;

  /// Queues a message and returns; false when the channel is closed or max_queued_bytes would be passed (nothing is
  /// then queued; the caller decides whether that is a slow reader to move or a peer to drop).
  virtual bool send(Message message) = 0;
  /// Outgoing bytes queued now.
  virtual std::size_t queued_bytes() const noexcept = 0;

  /// Sends what is queued, then a close frame with `code` (RFC 6455 section 7.4), then ends; bounded by 2 s.
  virtual void close(unsigned code, std::string reason) = 0;
  /// Drops the connection now.
  virtual void abort() = 0;

  virtual boost::asio::any_io_executor executor() const = 0;
  /// The other side, as the server or dialler verified it.
  virtual const auth::Caller& peer() const noexcept = 0;
};

using ChannelPtr = std::shared_ptr<Channel>;

}  // namespace p2p::net
