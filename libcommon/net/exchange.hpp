// A client's connection and the requests that it carries, one after the other.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "net/call_watch.hpp"
#include "net/client.hpp"
#include "net/http_parser.hpp"
#include "net/read_buffer.hpp"
#include "net/stream.hpp"

namespace p2p::net {

/// What is known of an answer before it comes.
struct Awaited {
  bool to_head = false;  ///< the request is a HEAD: no body follows
  std::size_t max_body_bytes = 0;
  BodyTaker on_body{};  ///< may be empty; see Call
};

class Exchange {
 public:
  Exchange(std::unique_ptr<Stream> stream, auth::Caller peer) : stream_(std::move(stream)), peer_(std::move(peer)) {}

  const auth::Caller& peer() const { return peer_; }

  /// Sends a whole request and reads its answer. `name` is the peer's, for errors.
  boost::asio::awaitable<CallResult> run(const std::string& request, const Awaited& awaited, std::string name,
                                         CallWatch& watch);
  /// After a success: another request may follow.
  bool reusable() const { return parser_.keep_alive() && buffer_.empty(); }
  bool still_good() { return stream_->is_quiet(); }
  /// Something of the last answer came.
  bool answered() const { return answered_; }

 private:
  boost::asio::awaitable<Result<void>> send(std::string_view request);
  boost::asio::awaitable<Result<Answer>> receive(const Awaited& awaited);
  Result<void> take_body(const Awaited& awaited, Answer& answer);
  boost::asio::awaitable<Result<std::size_t>> receive_head();
  /// How many bytes came; 0 at the end.
  boost::asio::awaitable<Result<std::size_t>> fill(std::size_t room);

  std::unique_ptr<Stream> stream_;
  const auth::Caller peer_;
  ReadBuffer buffer_;
  ResponseParser parser_;
  bool sent_ = false;
  bool answered_ = false;
};

}  // namespace p2p::net
