// One connection of the server, from its handshake to its end. Lives on one loop, which sweeps it for deadlines.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/dispatch.hpp"
#include "net/http_parser.hpp"
#include "net/read_buffer.hpp"
#include "net/request_counters.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"
#include "net/websocket.hpp"

namespace p2p::net {

struct LoopCounters {
  LoopCounter connections, refused_connections, handshakes, failed_handshakes, requests;
  LoopCounter in_flight, channels;  // now
  RequestCounters by_class;
  Traffic traffic;
};

/// What a session needs of the loop that it lives on; outlives it.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual const Dispatcher& dispatcher() const = 0;
  /// Null where plain HTTP is spoken.
  virtual const TlsContexts* tls() const = 0;
  virtual LoopCounters& counters() = 0;
  virtual const Logger& log() const = 0;
  /// Says in the log that who is at `address` was refused, unless that was said not long ago.
  virtual void say_refused(const std::string& address, const std::string& why) = 0;
  /// The Date field for now.
  virtual std::string_view http_date() = 0;
  /// Running requests are answered with `Connection: close`, no new ones are taken.
  virtual bool stopping() const = 0;
};

class Session {
 public:
  /// `caller` has the peer's address; the handshake adds the identity.
  Session(SessionHost& host, std::unique_ptr<Stream> stream, auth::Caller caller);
  ~Session();

  /// The connection's life; never throws. Its completion must be the last use of the session.
  boost::asio::awaitable<void> run();

  /// Lets go of a connection that is past its deadline, of handlers whose client has gone, and of a channel whose
  /// caller's certificate or token has ended, past the leeway of clocks.
  void sweep(Monotonic now, WallTime date);
  /// Shutdown has begun: ends at once when idle, else after the running request.
  void finish_soon();
  /// Ends now, whatever runs.
  void abort();

  /// As the connection (a channel: its request) was identified.
  const auth::Caller& caller() const { return caller_; }
  /// Ends now if the predicate fits the caller, or who asks for what is being handled.
  void drop_if(const std::function<bool(const auth::Caller&)>& predicate);
  /// Slot for co_spawn.
  boost::asio::cancellation_slot slot() { return signal_.slot(); }
  /// For the holder of the session: whether it still counts against its address's cap.
  bool counts_for_address = true;

 private:
  enum class Phase : unsigned char { handshake, idle, head, body, handling, writing, lingering, channel };
  enum class Interruption : unsigned char { none, deadline, disconnect, abort };
  /// What follows a request; `answered`: its answer is written already, and the connection goes on; `gone`: not even an
  /// answer.
  enum class After : unsigned char { keep_alive, close, linger, answered, gone };

  void enter(Phase phase, std::chrono::milliseconds allowed, std::size_t bytes = 0);
  void interrupt(Interruption why);
  void sweep_channel(WallTime date);

  boost::asio::awaitable<bool> greet();
  bool identify();
  boost::asio::awaitable<void> serve();
  /// The length of the next head, in buffer_; 0 when the connection is over; an error to answer and leave.
  boost::asio::awaitable<Result<std::size_t>> read_head();
  Result<Framing> take_head(const Result<std::size_t>& head);
  // These fill response_ unless they give After::gone.
  boost::asio::awaitable<After> answer(const Framing& framing);
  boost::asio::awaitable<After> refuse(Framing framing);
  boost::asio::awaitable<After> handle(const Route& route);
  boost::asio::awaitable<After> stream_body();
  boost::asio::awaitable<After> handle_with_body(const Route& route, Framing framing);
  boost::asio::awaitable<After> serve_channel(const Route& route);
  boost::asio::awaitable<void> run_channel(const Route& route, WebSocketChannelPtr channel);
  /// The usual small body came with its head: no coroutine is needed to read it.
  bool take_whole_body(const Route& route, const Framing& framing);
  boost::asio::awaitable<Result<void>> read_body(const Framing& framing, std::size_t max_bytes);
  /// Reads more into buffer_; `cancelled` when the connection is over, `timeout` when this phase took too long.
  boost::asio::awaitable<Result<void>> fill(std::size_t room);
  /// What follows the response once it is written; writes what can be written now.
  After respond(After after);
  boost::asio::awaitable<After> write_rest(After after);
  boost::asio::awaitable<void> leave(After after);
  void trim();

  SessionHost& host_;
  std::unique_ptr<Stream> stream_;
  auth::Caller caller_;
  boost::asio::cancellation_signal signal_;
  ChannelPtr channel_;

  Phase phase_ = Phase::handshake;
  Interruption interruption_ = Interruption::none;
  bool expired_ = false;  // the deadline of this phase has passed and pending input or output was cancelled
  Monotonic now_{};       // of the last change of phase
  Monotonic asked_at_{};  // when the head of the request was there
  LimitClass limit_class_ = LimitClass::none;
  Monotonic deadline_{};
  unsigned busy_requests_ = 0;  // served without giving the loop a turn

  ReadBuffer buffer_;
  HeadScanner scanner_;
  RequestParser parser_;
  Request request_;
  bool http11_ = true;
  Response response_;
  std::string out_;
  std::string_view unwritten_;  // of out_
};

}  // namespace p2p::net
