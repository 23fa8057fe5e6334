// The one connection type: a TCP socket, with TLS on it or without. Server, client and WebSocket all use it, so the
// heavy templates are compiled once. Lives on one loop.
#pragma once

#include <openssl/types.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/loop_counter.hpp"

namespace p2p::net {

struct SslDeleter {
  void operator()(SSL* ssl) const noexcept;
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;

/// Bytes of the wire, TLS included; raised by one loop, read by any thread.
struct Traffic {
  LoopCounter received, sent;
};

/// Sockets closed by the peer must not kill the process: everything here sends with MSG_NOSIGNAL, so SIGPIPE may keep
/// its default. Not movable: TLS reads and writes through its address.
class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using ErrorCode = boost::system::error_code;

  /// `ssl` is empty for plain TCP; otherwise set to accept or to connect, and owned. `traffic` outlives the stream.
  explicit Stream(Socket socket, SslPtr ssl = {}, Traffic* traffic = nullptr);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Puts TLS on a plain connection of which nothing has been read, though something may have come. `ssl` as above.
  void secure(SslPtr ssl);
  /// `unreachable` with what the peer or OpenSSL said; `cancelled` after cancel().
  boost::asio::awaitable<Result<void>> handshake();
  /// Waits for the first bytes; 0 is a clean end (TLS: a close_notify), a cut TLS connection is `connection_reset`.
  boost::asio::awaitable<boost::system::result<std::size_t>> read_some(std::span<char> into);
  boost::asio::awaitable<ErrorCode> write_all(std::string_view bytes);

  /// What a try came to. `want_*`: nothing was possible now; wait for that and try again.
  enum class Outcome : unsigned char { done, want_read, want_write, end, failed };
  struct Try {
    Outcome outcome = Outcome::done;
    std::size_t bytes = 0;
    ErrorCode error{};  ///< for `failed`
  };
  /// Never wait. After `failed` TLS must not be used again. `done` moved at least one byte (write: at most a TLS record
  /// may have been moved of a longer text).
  Try try_read(std::span<char> into);
  Try try_write(std::string_view bytes);

  /// False: a try_read would want to read first.
  bool has_input() const noexcept;
  /// Something has come that was not read yet; it may be the beginning of a TLS record.
  bool has_bytes() const noexcept { return inbox_begin_ < inbox_end_; }
  /// Waits until `want` may have come true. A completion for want_read is given to received().
  boost::asio::awaitable<ErrorCode> wait(Outcome want);
  template <class Token>
  auto async_fill(Token&& token) {
    return socket_.async_read_some(boost::asio::buffer(inbox_), std::forward<Token>(token));
  }
  ErrorCode received(ErrorCode error, std::size_t bytes);

  /// Says goodbye (TLS: close_notify; TCP: end of our side) without waiting; reading stays possible.
  void shut_down() noexcept;
  /// Reads and drops what the peer still sends, until its end, cancel(), or `max_bytes`: closing a socket with unread
  /// bytes would reset it and could take our last answer with it.
  boost::asio::awaitable<void> drain(std::size_t max_bytes);
  /// Ends pending operations with `operation_aborted`; the connection stays as it is.
  void cancel() noexcept;
  void close() noexcept;
  /// The peer has closed its side or the connection broke; one system call.
  bool peer_is_gone() noexcept;
  /// The handshake failed because the client spoke HTTP.
  bool spoke_plain_http() const noexcept { return plain_http_; }
  /// Past TLS, once, without waiting.
  void send_raw(std::string_view bytes) noexcept { transmit(bytes.data(), bytes.size()); }
  /// An idle connection that is still good: open, and nothing has come that nobody asked for; one system call.
  bool is_quiet() noexcept;

  /// What went wrong; a tls_sentence() where it was TLS that ended the connection.
  std::string describe(ErrorCode error) const;

  Socket& socket() noexcept { return socket_; }
  SSL* ssl() const noexcept { return ssl_.get(); }

 private:
  friend struct StreamBio;
  static constexpr std::size_t kInboxBytes = 4096;

  /// As recv(2): -1 with errno EAGAIN when there is nothing now.
  ssize_t receive(char* into, std::size_t size);
  ssize_t transmit(const char* bytes, std::size_t size);
  void count_received(std::size_t bytes);
  Try classify(int ssl_result);
  Try step_handshake();

  Socket socket_;
  SslPtr ssl_;
  std::size_t inbox_begin_ = 0, inbox_end_ = 0;
  unsigned direct_reads_ = 0;  // reads past the inbox that are allowed before the loop gets its turn
  bool peer_ended_ = false;
  bool shut_down_ = false;
  bool plain_http_ = false;
  Traffic* traffic_;
  std::string tls_error_;
  std::array<char, kInboxBytes> inbox_;  // where Asio puts what it waited for
};

/// The newest entry of OpenSSL's error queue as text, which is then empty; `fallback` where there is none.
std::string take_ssl_error(std::string_view fallback);

}  // namespace p2p::net
