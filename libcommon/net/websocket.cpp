#include "net/websocket.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <mutex>
#include <optional>

#include "base/json.hpp"
#include "base/peer_words.hpp"
#include "net/beast_transport.hpp"
#include "net/close_code.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
namespace {

using ErrorCode = boost::system::error_code;

constexpr std::chrono::seconds kHandshakeTimeout{5};
constexpr std::chrono::seconds kCloseTimeout{2};

/// What an answer that is no upgrade says: its problem (RFC 9457), else its status.
std::string said_by(unsigned status, const std::string& target, const std::string& body) {
  const auto problem = parse_json(body);
  const std::string* detail = problem ? find_string(*problem, "detail") : nullptr;
  if (detail != nullptr && !detail->empty()) return peer_words(*detail);
  return fmt::format("{} answered {} {}", target, status, reason_phrase(status));
}

Error refusal(unsigned status, const std::string& target, const std::string& body) {
  const std::string context = said_by(status, target, body);
  if (status == 401 || status == 403) return Error(Errc::not_permitted, context);
  if (status == 404) return Error(Errc::not_found, context);
  if (status == 429) return Error(Errc::limited, context);
  return Error(Errc::unreachable, context);
}

class BeastChannel final : public WebSocketChannel, public std::enable_shared_from_this<BeastChannel> {
 public:
  BeastChannel(std::unique_ptr<Stream> stream, std::string received, auth::Caller peer, ChannelLimits limits)
      : peer_(std::move(peer)),
        limits_(limits),
        executor_(stream->socket().get_executor()),
        socket_(std::move(stream), std::move(received)),
        close_timer_(executor_),
        ended_signal_(executor_, asio::steady_timer::time_point::max()) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = kHandshakeTimeout;
    timeout.idle_timeout = websocket::stream_base::none();
    socket_.set_option(timeout);
    socket_.read_message_max(limits_.max_message_bytes);
    socket_.auto_fragment(false);
  }

  asio::awaitable<Result<void>> accept(const Request& request) override {
    http::request<http::empty_body> upgrade(http::verb::get, "/", 11);
    for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
    const auto [error] = co_await socket_.async_accept(upgrade, asio::as_tuple(asio::use_awaitable));
    if (error) {
      end();
      co_return Error(Errc::unreachable, "the WebSocket handshake failed: " + error.message());
    }
    opened();
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> connect(std::string host, std::string target, Headers headers) override {
    auto decorate = [fields = std::move(headers)](websocket::request_type& request) {
      for (const auto& [name, value] : fields) request.set(name, value);
    };
    socket_.set_option(websocket::stream_base::decorator(std::move(decorate)));
    websocket::response_type response;
    const auto [error] = co_await socket_.async_handshake(response, host, target, asio::as_tuple(asio::use_awaitable));
    if (error) {
      end();
      if (error == websocket::error::upgrade_declined)
        co_return refusal(response.result_int(), target, response.body());
      if (error == asio::error::operation_aborted) co_return Error(Errc::cancelled, "the dial was cancelled");
      co_return Error(Errc::unreachable, fmt::format("{}{}: {}", host, target, error.message()));
    }
    opened();
    co_return Result<void>();
  }

  asio::awaitable<Result<Message>> receive() override {
    if (ended_) co_return Error(Errc::cancelled, "the channel is closed");
    Message message;
    auto buffer = asio::dynamic_buffer(message.data);
    const auto [error, size] = co_await socket_.async_read(buffer, asio::as_tuple(asio::use_awaitable));
    if (!error) {
      message.binary = socket_.got_binary();
      co_return message;
    }
    const bool asked = refuse_sends();
    if (error == websocket::error::closed) {
      end();
      co_return closed_by_peer(socket_.reason().code);
    }
    // A close that we began goes on by itself; it also takes the peer's answer.
    if (asked) co_return Error(Errc::cancelled, "the channel is closed");
    end();
    if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
      co_return Error(Errc::too_large, fmt::format("a message is larger than {} bytes", limits_.max_message_bytes));
    }
    co_return Error(Errc::unreachable, "the channel broke: " + error.message());
  }

  bool send(Message message) override {
    {
      const std::lock_guard lock(mutex_);
      if (refusing_ || queued_bytes_ + message.data.size() > limits_.max_queued_bytes) return false;
      queued_bytes_ += message.data.size();
      queue_.push_back(std::move(message));
      if (awake_) return true;
      awake_ = true;
    }
    asio::post(executor_, [self = shared_from_this()] { self->pump(); });
    return true;
  }

  std::size_t queued_bytes() const noexcept override {
    const std::lock_guard lock(mutex_);
    return queued_bytes_;
  }

  void close(unsigned code, std::string reason) override {
    if (refuse_sends()) return;
    auto begin = [self = shared_from_this(), code, reason = std::move(reason)]() mutable {
      self->begin_close(code, std::move(reason));
    };
    asio::dispatch(executor_, std::move(begin));
  }

  void abort() override {
    refuse_sends();
    asio::dispatch(executor_, [self = shared_from_this()] { self->end(); });
  }

  asio::awaitable<void> finished() override {
    const auto self = shared_from_this();
    while (!ended_) co_await ended_signal_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  asio::any_io_executor executor() const override { return executor_; }
  const auth::Caller& peer() const noexcept override { return peer_; }

 private:
  /// True when they were refused before.
  bool refuse_sends() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refusing_, true);
  }

  void opened() {
    open_ = true;
    pump();
  }

  // Everything below runs on the loop.

  void begin_close(unsigned code, std::string reason) {
    if (ended_) return;
    constexpr std::size_t kMaxReasonBytes = 123;  // RFC 6455 section 5.5
    close_ = websocket::close_reason(static_cast<websocket::close_code>(code), reason.substr(0, kMaxReasonBytes));
    close_timer_.expires_after(kCloseTimeout);
    close_timer_.async_wait([self = shared_from_this()](ErrorCode error) {
      if (!error) self->end();
    });
    pump();
  }

  /// Writes the next message, or the close frame after the last one.
  void pump() {
    if (!open_ || ended_ || writing_) return;
    if (!take_next()) {
      if (close_) write_close();
      return;
    }
    writing_ = true;
    socket_.binary(current_.binary);
    auto done = [self = shared_from_this()](ErrorCode error, std::size_t) { self->written(error); };
    socket_.async_write(asio::buffer(current_.data), asio::bind_executor(executor_, std::move(done)));
  }

  /// Moves the queue's first message to current_; with an empty queue the next send() has to wake the loop.
  bool take_next() {
    const std::lock_guard lock(mutex_);
    awake_ = !queue_.empty();
    if (!awake_) return false;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }

  void written(ErrorCode error) {
    writing_ = false;
    {
      const std::lock_guard lock(mutex_);
      queued_bytes_ -= current_.data.size();
    }
    if (error) {
      refuse_sends();
      end();
    } else {
      pump();
    }
  }

  void write_close() {
    writing_ = true;
    auto done = [self = shared_from_this()](ErrorCode) { self->end(); };
    socket_.async_close(*close_, asio::bind_executor(executor_, std::move(done)));
  }

  void end() {
    if (std::exchange(ended_, true)) return;
    refuse_sends();
    close_timer_.cancel();
    ended_signal_.cancel();
    socket_.next_layer().stream().close();
  }

  const auth::Caller peer_;
  const ChannelLimits limits_;
  const asio::any_io_executor executor_;

  mutable std::mutex mutex_;  // guards the next four
  std::deque<Message> queue_;
  std::size_t queued_bytes_ = 0;
  bool refusing_ = false;
  bool awake_ = false;  // a pump is posted or a write is under way

  websocket::stream<BeastTransport, false> socket_;
  asio::steady_timer close_timer_;
  asio::steady_timer ended_signal_;  // never expires; cancelled when the connection has ended
  std::optional<websocket::close_reason> close_;
  Message current_;
  bool open_ = false;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace

WebSocketChannelPtr make_websocket(std::unique_ptr<Stream> stream, std::string received, auth::Caller peer,
                                   ChannelLimits limits) {
  const asio::any_io_executor executor = stream->socket().get_executor();
  // The last holder may be on another thread, but the socket belongs to the loop.
  auto destroy = [executor](BeastChannel* channel) {
    asio::dispatch(executor, [owned = std::unique_ptr<BeastChannel>(channel)] {});
  };
  return WebSocketChannelPtr(std::shared_ptr<BeastChannel>(
      new BeastChannel(std::move(stream), std::move(received), std::move(peer), limits), std::move(destroy)));
}

}  // namespace p2p::net
