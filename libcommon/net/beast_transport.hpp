// A Stream as Beast's WebSocket wants it: an asynchronous stream with completion tokens. For websocket.cpp alone.
#pragma once

#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <string>

#include "net/stream.hpp"

namespace p2p::net {

class BeastTransport {
 public:
  using executor_type = boost::asio::any_io_executor;
  using ErrorCode = boost::system::error_code;

  /// `received` is read before the stream.
  BeastTransport(std::unique_ptr<Stream> stream, std::string received)
      : stream_(std::move(stream)), received_(std::move(received)) {}

  executor_type get_executor() { return stream_->socket().get_executor(); }
  Stream& stream() { return *stream_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, void(ErrorCode, std::size_t)>(ReadOperation{*this, first_of(buffers)},
                                                                           token, stream_->socket());
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    gather(buffers);
    return boost::asio::async_compose<Token, void(ErrorCode, std::size_t)>(WriteOperation{*this}, token,
                                                                           stream_->socket());
  }

 private:
  // One TLS record carries a frame's header and payload where they fit.
  static constexpr std::size_t kMaxGathered = 16 << 10;

  template <class Buffers>
  static std::span<char> first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
      const boost::asio::mutable_buffer buffer = *at;
      if (buffer.size() > 0) return {static_cast<char*>(buffer.data()), buffer.size()};
    }
    return {};
  }

  template <class Buffers>
  void gather(const Buffers& buffers) {
    outgoing_.clear();
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
      const boost::asio::const_buffer buffer = *at;
      outgoing_.append(static_cast<const char*>(buffer.data()),
                       std::min(buffer.size(), kMaxGathered - outgoing_.size()));
      if (outgoing_.size() == kMaxGathered) return;
    }
  }

  Stream::Try try_read(std::span<char> into) {
    if (received_.empty() || into.empty()) return into.empty() ? Stream::Try{} : stream_->try_read(into);
    const std::size_t count = received_.copy(into.data(), into.size());
    received_.erase(0, count);
    return {Stream::Outcome::done, count};
  }
  Stream::Try try_write() { return outgoing_.empty() ? Stream::Try{} : stream_->try_write(outgoing_); }

  /// What reading and writing share: try, wait, try again; a result that was there at once is posted.
  template <class Derived>
  struct Operation {
    BeastTransport& transport;
    Stream::Try tried{Stream::Outcome::want_read};
    bool waited = false;

    template <class Self>
    void step(Self& self) {
      tried = static_cast<Derived*>(this)->attempt();
      Stream& stream = *transport.stream_;
      if (tried.outcome == Stream::Outcome::want_read) {
        waited = true;
        stream.async_fill(std::move(self));
      } else if (tried.outcome == Stream::Outcome::want_write) {
        waited = true;
        stream.socket().async_wait(Stream::Socket::wait_write, std::move(self));
      } else if (!waited) {
        waited = true;
        auto executor = stream.socket().get_executor();
        boost::asio::post(executor, std::move(self));
      } else {
        finish(self);
      }
    }
    template <class Self>
    void finish(Self& self) {
      ErrorCode error = tried.error;
      if (tried.outcome == Stream::Outcome::end) error = boost::asio::error::eof;
      self.complete(error, tried.bytes);
    }
    /// At first, and after a post.
    template <class Self>
    void operator()(Self& self) {
      waited ? finish(self) : step(self);
    }
    template <class Self>
    void operator()(Self& self, ErrorCode error) {
      error ? self.complete(error, 0) : step(self);
    }
    template <class Self>
    void operator()(Self& self, ErrorCode error, std::size_t count) {
      error = transport.stream_->received(error, count);
      error ? self.complete(error, 0) : step(self);
    }
  };

  struct ReadOperation : Operation<ReadOperation> {
    ReadOperation(BeastTransport& on, std::span<char> into) : Operation<ReadOperation>{on}, target(into) {}
    std::span<char> target;
    Stream::Try attempt() { return this->transport.try_read(target); }
  };
  struct WriteOperation : Operation<WriteOperation> {
    explicit WriteOperation(BeastTransport& on) : Operation<WriteOperation>{on} {}
    Stream::Try attempt() { return this->transport.try_write(); }
  };

  std::unique_ptr<Stream> stream_;
  std::string received_;
  std::string outgoing_;  // bytes of the write under way; Beast has one at a time
};

/// Beast's customization points, found by argument-dependent lookup.
inline void beast_close_socket(BeastTransport& transport) { transport.stream().close(); }

inline void teardown(boost::beast::role_type, BeastTransport& transport, boost::system::error_code& error) {
  transport.stream().shut_down();
  error = {};
}

template <class Handler>
void async_teardown(boost::beast::role_type, BeastTransport& transport, Handler&& handler) {
  transport.stream().shut_down();
  boost::asio::post(transport.get_executor(),
                    boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::system::error_code{}));
}

}  // namespace p2p::net
