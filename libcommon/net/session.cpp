#include "net/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "auth/token.hpp"
#include "net/chunk_writer.hpp"
#include "net/field_text.hpp"
#include "net/http_text.hpp"
#include "net/tls_session.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kUsualRead = 2048;
constexpr std::size_t kBulkRead = 16 << 10;
constexpr std::size_t kIdleBufferBytes = 4096;
// A refused request's body up to this size is read so that the connection can go on.
constexpr std::size_t kMaxDiscardedBody = 64 << 10;
constexpr std::size_t kMaxLingerBytes = 64 << 20;
// A client that pipelines gives way to the loop's other connections after so many requests.
constexpr unsigned kMaxBusyRequests = 16;

constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 23\r\nConnection: close\r\n\r\n"
    "this port speaks HTTPS\n";

unsigned status_of_unreadable(const Error& error) {
  if (error.kind() == Errc::timeout) return 408;
  return error.kind() == Errc::too_large ? 431 : 400;
}

}  // namespace

Session::Session(SessionHost& host, std::unique_ptr<Stream> stream, auth::Caller caller)
    : host_(host), stream_(std::move(stream)), caller_(std::move(caller)) {
  enter(Phase::handshake, host_.dispatcher().limits().handshake);
}

Session::~Session() = default;

void Session::enter(Phase phase, std::chrono::milliseconds allowed, std::size_t bytes) {
  now_ = std::chrono::steady_clock::now();
  phase_ = phase;
  expired_ = false;
  deadline_ = now_ + allowed + std::chrono::seconds(bytes / host_.dispatcher().limits().slowest_bytes_per_second);
}

void Session::interrupt(Interruption why) {
  interruption_ = why;
  signal_.emit(asio::cancellation_type::terminal);
}

void Session::sweep_channel(WallTime date) {
  if (!channel_ || date - auth::kTokenLeeway < caller_.ends_at) return;
  channel_->close(kPolicyViolation, caller_.token_id.empty() ? "the certificate has expired" : "the token has expired");
}

void Session::sweep(Monotonic now, WallTime date) {
  if (phase_ == Phase::channel) return sweep_channel(date);
  if (interruption_ != Interruption::none) return;
  if (phase_ == Phase::handling && stream_->peer_is_gone()) {
    interrupt(Interruption::disconnect);
    return;
  }
  if (now < deadline_ || expired_) return;
  expired_ = true;
  if (phase_ == Phase::handling) {
    interrupt(Interruption::deadline);
  } else {
    stream_->cancel();
  }
}

void Session::finish_soon() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake || phase_ == Phase::lingering) stream_->cancel();
  if (channel_) channel_->close(1001, "the node is shutting down");
}

void Session::abort() {
  if (channel_) channel_->abort();
  if (stream_) stream_->close();
  interrupt(Interruption::abort);
}

void Session::drop_if(const std::function<bool(const auth::Caller&)>& predicate) {
  // Between requests the connection may go on: each of them is judged anew.
  const bool is_asked = phase_ == Phase::body || phase_ == Phase::handling;
  if (predicate(caller_) || (is_asked && predicate(request_.caller))) abort();
}

asio::awaitable<void> Session::run() {
  try {
    if (co_await greet()) co_await serve();
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) host_.log().error("a connection ended: {}", error.what());
  } catch (const std::exception& error) {
    host_.log().error("a connection ended: {}", error.what());
  }
  if (stream_) stream_->close();
}

asio::awaitable<bool> Session::greet() {
  if (host_.tls() == nullptr) co_return true;
  // TLS takes ten times the memory of the connection itself: nothing of it for who says nothing.
  const auto silent = co_await stream_->wait(Stream::Outcome::want_read);
  if (silent || !stream_->has_bytes()) {
    host_.counters().failed_handshakes.add();
    host_.log().debug("{} said nothing", caller_.address);
    co_return false;
  }
  stream_->secure(make_server_ssl(host_.tls()->state()));
  const auto shaken = co_await stream_->handshake();
  if (shaken && identify()) {
    host_.counters().handshakes.add();
    co_return true;
  }
  host_.counters().failed_handshakes.add();
  const std::string refusal = tls_refusal(stream_->ssl());
  if (!refusal.empty()) {
    host_.say_refused(caller_.address, refusal);
  } else if (!shaken) {
    host_.log().debug("handshake with {}: {}", caller_.address, shaken.error().context);
  }
  if (stream_->spoke_plain_http()) stream_->send_raw(kPlainHttpAnswer);
  // The client may have sent a request already; without this it would see a reset instead of the alert.
  co_await leave(After::linger);
  co_return false;
}

bool Session::identify() {
  auto peer = tls_peer(stream_->ssl());
  if (!peer) {
    host_.say_refused(caller_.address, peer.error().context);
    return false;
  }
  caller_.over_p2p = peer->over_p2p;
  caller_.certificate = std::move(peer->certificate);
  caller_.ends_at = peer->ends_at;
  if (peer->identity) caller_.scopes = auth::Scopes::of_role(peer->identity->role);
  caller_.identity = std::move(peer->identity);
  return true;
}

asio::awaitable<void> Session::serve() {
  After after = After::keep_alive;
  while (after == After::keep_alive) {
    const auto head = co_await read_head();
    if (head && *head == 0) break;
    host_.counters().requests.add();
    const auto framing = take_head(head);
    if (framing) {
      after = co_await answer(*framing);
    } else {
      response_ = Response::problem(status_of_unreadable(framing.error()), framing.error().context);
      after = After::linger;
    }
    if (after == After::gone) break;
    const bool answered = after == After::answered;
    after = answered ? After::keep_alive : respond(after);
    host_.counters().by_class.answered(limit_class_, response_.status, std::chrono::steady_clock::now() - asked_at_);
    if (framing) host_.dispatcher().answered(request_, response_.status);
    if (!unwritten_.empty()) after = co_await write_rest(after);
    if (++busy_requests_ >= kMaxBusyRequests) {
      busy_requests_ = 0;
      co_await asio::post(asio::use_awaitable);
    }
  }
  if (stream_) co_await leave(after);
}

Result<Framing> Session::take_head(const Result<std::size_t>& head) {
  scanner_.reset();
  // Without a readable head, the answer is for a client of which nothing is known.
  request_.method = Method::other;
  limit_class_ = LimitClass::none;
  asked_at_ = std::chrono::steady_clock::now();
  http11_ = true;
  if (!head) return head.error();
  request_.caller = caller_;
  const auto framing = parser_.parse_head(buffer_.view().substr(0, *head), request_);
  buffer_.consume(*head);
  if (framing) http11_ = framing->http11;
  return framing;
}

asio::awaitable<Result<std::size_t>> Session::read_head() {
  enter(Phase::idle, host_.dispatcher().limits().idle);
  for (;;) {
    if (!buffer_.empty()) {
      const auto scanned = scanner_.scan(buffer_.view());
      if (!scanned || *scanned > 0) co_return scanned;
    }
    const auto room = buffer_.room(kUsualRead);
    // The usual request has come whole and nothing follows it: no use asking TLS.
    const Stream::Try tried = stream_->has_input() ? stream_->try_read(room) : Stream::Try{Stream::Outcome::want_read};
    if (tried.outcome == Stream::Outcome::done) {
      buffer_.commit(tried.bytes);
      continue;
    }
    if (tried.outcome == Stream::Outcome::end || tried.outcome == Stream::Outcome::failed) co_return 0;
    if (buffer_.empty()) {
      if (host_.stopping()) co_return 0;
      trim();
    } else if (phase_ != Phase::head) {
      enter(Phase::head, host_.dispatcher().limits().head);
    }
    busy_requests_ = 0;
    const auto error = co_await stream_->wait(tried.outcome);
    if (!error) continue;
    if (expired_ && phase_ == Phase::head) co_return Error(Errc::timeout, "the head took too long");
    co_return 0;
  }
}

asio::awaitable<Result<void>> Session::fill(std::size_t room) {
  const auto count = co_await stream_->read_some(buffer_.room(room));
  if (count && *count > 0) {
    buffer_.commit(*count);
    co_return Result<void>();
  }
  if (!count && expired_) co_return Error(Errc::timeout, "the body took too long");
  co_return Error(Errc::cancelled, "the client went away");
}

void Session::trim() {
  buffer_.shrink_when_empty(kIdleBufferBytes);
  if (request_.body.capacity() > kIdleBufferBytes) request_.body = {};
  if (out_.capacity() > kIdleBufferBytes) out_ = {};
  if (response_.body.capacity() > kIdleBufferBytes) response_.body = {};
}

// Not a coroutine itself: the usual request then costs one frame less.
asio::awaitable<Session::After> Session::answer(const Framing& framing) {
  now_ = asked_at_;
  const Route* route = host_.dispatcher().admit(request_, now_, limit_class_, response_);
  const std::string_view expectation = request_.headers.get("Expect");
  if (!expectation.empty() && !equals_ignoring_case(expectation, "100-continue")) {
    response_ = Response::problem(417, "the only expectation known is 100-continue");
    return refuse(framing);
  }
  if (route == nullptr) return refuse(framing);
  if (framing.has_body() && !take_whole_body(*route, framing)) return handle_with_body(*route, framing);
  return route->channel_handler ? serve_channel(*route) : handle(*route);
}

bool Session::take_whole_body(const Route& route, const Framing& framing) {
  const std::size_t length = framing.content_length.value_or(SIZE_MAX);
  if (route.channel_handler || length > route.max_body_bytes || length > buffer_.view().size()) return false;
  const auto used = parser_.parse_body(buffer_.view().substr(0, length));
  if (!used) return false;
  buffer_.consume(*used);
  return true;
}

asio::awaitable<Session::After> Session::refuse(Framing framing) {
  if (!framing.has_body()) co_return After::keep_alive;
  // A small body is read and dropped, so that the connection can go on; one that waits to be asked for is not asked.
  if (request_.headers.has("Expect") || framing.content_length.value_or(0) > kMaxDiscardedBody) {
    co_return After::linger;
  }
  const auto discarded = co_await read_body(framing, kMaxDiscardedBody);
  co_return discarded ? After::keep_alive : After::linger;
}

asio::awaitable<Session::After> Session::handle_with_body(const Route& route, Framing framing) {
  const auto read = co_await read_body(framing, route.channel_handler ? 0 : route.max_body_bytes);
  if (read && !route.channel_handler) co_return co_await handle(route);
  if (read) co_return co_await serve_channel(route);
  const Error& error = read.error();
  if (error.kind() == Errc::cancelled) co_return After::gone;
  response_ = error.kind() == Errc::timeout ? Response::problem(408, error.context) : Response::problem(error);
  co_return After::linger;
}

asio::awaitable<Result<void>> Session::read_body(const Framing& framing, std::size_t max_bytes) {
  const std::size_t expected = framing.content_length.value_or(max_bytes);
  if (expected > max_bytes) {
    co_return Error(Errc::too_large, fmt::format("the body is larger than {} bytes", max_bytes));
  }
  enter(Phase::body, host_.dispatcher().limits().body, expected);
  parser_.limit_body(max_bytes);
  if (request_.headers.has("Expect") && buffer_.empty()) {
    const auto error = co_await stream_->write_all("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) co_return Error(Errc::cancelled, "the client went away");
  }
  for (;;) {
    if (!buffer_.empty()) {
      const auto used = parser_.parse_body(buffer_.view());
      if (!used) co_return used.error();
      buffer_.consume(*used);
      if (parser_.done()) co_return Result<void>();
    }
    auto filled = co_await fill(kBulkRead);
    if (!filled) co_return filled;
  }
}

asio::awaitable<Session::After> Session::handle(const Route& route) {
  const auto& limits = host_.dispatcher().limits();
  enter(Phase::handling,
        std::chrono::floor<std::chrono::milliseconds>(request_.deadline - now_) + limits.handler_grace);
  host_.counters().in_flight.add();
  bool failed = false;
  try {
    response_ = co_await route.handler(request_);
  } catch (const std::exception& error) {
    failed = true;
    if (interruption_ == Interruption::none) {
      host_.log().error("{} {}: {}", to_string(request_.method), request_.path, error.what());
      response_ = Response::problem(500, "the request could not be handled");
    }
  }
  if (response_.streamed && !failed && interruption_ == Interruption::none) {
    auto streaming = stream_body();
    const After after = co_await std::move(streaming);
    host_.counters().in_flight.take();
    co_return after;
  }
  host_.counters().in_flight.take();
  if (interruption_ == Interruption::none) co_return After::keep_alive;
  if (interruption_ != Interruption::deadline) throw boost::system::system_error(asio::error::operation_aborted);
  co_await asio::this_coro::reset_cancellation_state();
  interruption_ = Interruption::none;
  if (failed) response_ = Response::problem(504, "the request was not handled within its time");
  co_return After::keep_alive;
}

// All of it counts as handling: the sweep looks whether the client is still there, and keeps the deadline, which also
// bounds a client that does not read.
asio::awaitable<Session::After> Session::stream_body() {
  // What the handler has read of the request may allow more time than its head did.
  enter(Phase::handling,
        std::chrono::floor<std::chrono::milliseconds>(request_.deadline - std::chrono::steady_clock::now()) +
            host_.dispatcher().limits().handler_grace);
  const auto body = std::move(response_.streamed);
  const bool keep_alive = http11_ && parser_.keep_alive() && !host_.stopping();
  const ResponseWriting how{
      .date = host_.http_date(), .keep_alive = keep_alive, .http10_client = !http11_, .streamed = true};
  out_.clear();
  append_response(out_, response_, how);
  ChunkWriter writer(*stream_, http11_);
  try {
    const auto error = co_await stream_->write_all(out_);
    if (error) co_return After::gone;
    co_await body->write_to(writer);
    const auto finished = co_await writer.finish();
    if (finished) co_return keep_alive ? After::answered : After::gone;
  } catch (const std::exception& error) {
    if (interruption_ == Interruption::none) host_.log().error("{}: {}", request_.path, error.what());
  }
  // Without the last chunk the client sees that the answer is not whole.
  stream_->close();
  co_return After::gone;
}

asio::awaitable<Session::After> Session::serve_channel(const Route& route) {
  const Headers& headers = request_.headers;
  if (!parser_.upgrade() || !has_token(headers.get("Upgrade"), "websocket") ||
      headers.get("Sec-WebSocket-Version") != "13" || request_.method != Method::get) {
    response_ = Response::problem(426, "this path takes WebSocket connections, version 13");
    response_.headers.add("Upgrade", "websocket");
    response_.headers.add("Sec-WebSocket-Version", "13");
    co_return After::keep_alive;
  }
  if (!is_same_origin(headers, stream_->ssl() != nullptr)) {
    response_ = Response::problem(403, "a page of another origin may not open a WebSocket here");
    co_return After::keep_alive;
  }
  enter(Phase::channel, {});
  caller_ = request_.caller;
  auto channel = make_websocket(std::move(stream_), std::string(buffer_.view()), caller_, route.channel_limits);
  channel_ = channel;
  if (host_.stopping()) channel_->abort();
  const auto accepted = co_await channel->accept(request_);
  if (accepted) {
    co_await run_channel(route, channel);
  } else {
    host_.log().debug("WebSocket of {}: {}", caller_.address, accepted.error().context);
  }
  channel_.reset();
  co_return After::gone;
}

asio::awaitable<void> Session::run_channel(const Route& route, WebSocketChannelPtr channel) {
  host_.counters().channels.add();
  unsigned code = 1000;
  try {
    co_await route.channel_handler(std::move(request_), channel);
  } catch (const std::exception& error) {
    code = 1011;
    if (interruption_ == Interruption::none) host_.log().error("channel {}: {}", route.pattern, error.what());
  }
  host_.counters().channels.take();
  co_await asio::this_coro::reset_cancellation_state();
  channel->close(code, {});
  co_await channel->finished();
}

Session::After Session::respond(After after) {
  if (after == After::keep_alive && (!parser_.keep_alive() || host_.stopping())) after = After::close;
  const ResponseWriting how{.date = host_.http_date(),
                            .keep_alive = after == After::keep_alive,
                            .with_body = request_.method != Method::head,
                            .http10_client = !http11_};
  out_.clear();
  append_response(out_, response_, how);
  unwritten_ = out_;
  while (!unwritten_.empty()) {
    const Stream::Try tried = stream_->try_write(unwritten_);
    if (tried.outcome != Stream::Outcome::done) break;
    unwritten_.remove_prefix(tried.bytes);
  }
  return after;
}

asio::awaitable<Session::After> Session::write_rest(After after) {
  enter(Phase::writing, host_.dispatcher().limits().write, unwritten_.size());
  const auto error = co_await stream_->write_all(unwritten_);
  unwritten_ = {};
  co_return error ? After::close : after;
}

asio::awaitable<void> Session::leave(After after) {
  stream_->shut_down();
  if (after != After::linger && buffer_.empty()) co_return;
  enter(Phase::lingering, host_.dispatcher().limits().linger);
  co_await stream_->drain(kMaxLingerBytes);
}

}  // namespace p2p::net
