#include "net/stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "net/stream_bio.hpp"
#include "net/tls_words.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

// After this many full reads in a row the other connections of the loop get their turn.
constexpr unsigned kMaxDirectReads = 16;

bool is_alert(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
}

Stream::ErrorCode last_system_error() { return {errno, boost::system::system_category()}; }

}  // namespace

void SslDeleter::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

Stream::Stream(Socket socket, SslPtr ssl, Traffic* traffic) : socket_(std::move(socket)), traffic_(traffic) {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  if (ssl) secure(std::move(ssl));
}

Stream::~Stream() = default;

void Stream::secure(SslPtr ssl) {
  ssl_ = std::move(ssl);
  StreamBio::attach(*this);
}

// The usual read is one recv by Asio when the socket becomes readable. Where that filled the inbox there is more, and
// then larger reads go straight to their target.
ssize_t Stream::receive(char* into, std::size_t size) {
  if (inbox_begin_ < inbox_end_) {
    const std::size_t count = std::min(size, inbox_end_ - inbox_begin_);
    std::memcpy(into, inbox_.data() + inbox_begin_, count);
    inbox_begin_ += count;
    return static_cast<ssize_t>(count);
  }
  if (peer_ended_) return 0;
  if (direct_reads_ == 0) {
    errno = EAGAIN;
    return -1;
  }
  const ssize_t count = ::recv(socket_.native_handle(), into, size, 0);
  direct_reads_ = count == static_cast<ssize_t>(size) ? direct_reads_ - 1 : 0;
  if (count == 0) peer_ended_ = true;
  if (count > 0) count_received(static_cast<std::size_t>(count));
  return count;
}

void Stream::count_received(std::size_t bytes) {
  if (traffic_ != nullptr) traffic_->received.add(bytes);
}

ssize_t Stream::transmit(const char* bytes, std::size_t size) {
  const ssize_t count = ::send(socket_.native_handle(), bytes, size, MSG_NOSIGNAL);
  if (count > 0 && traffic_ != nullptr) traffic_->sent.add(static_cast<std::size_t>(count));
  return count;
}

Stream::ErrorCode Stream::received(ErrorCode error, std::size_t bytes) {
  inbox_begin_ = 0;
  inbox_end_ = bytes;
  count_received(bytes);
  direct_reads_ = bytes == inbox_.size() ? kMaxDirectReads : 0;
  if (error == asio::error::eof) {
    peer_ended_ = true;
    return {};
  }
  return error;
}

bool Stream::has_input() const noexcept {
  return inbox_begin_ < inbox_end_ || direct_reads_ > 0 || peer_ended_ || (ssl_ && SSL_has_pending(ssl_.get()) != 0);
}

// SSL_get_error would first look for errors in the thread's queue, which then has to be cleared before each call, at a
// cost; what it asks after that tells as much here.
Stream::Try Stream::classify(int ssl_result) {
  SSL* ssl = ssl_.get();
  if (SSL_want_read(ssl) && BIO_should_read(SSL_get_rbio(ssl))) return {Outcome::want_read};
  if (SSL_want_write(ssl) && BIO_should_write(SSL_get_wbio(ssl))) return {Outcome::want_write};
  const int code = errno;
  // Both a close_notify and a fatal alert set this; only the alert leaves an error.
  if ((SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && !is_alert(ERR_peek_last_error())) {
    ERR_clear_error();
    return {Outcome::end};
  }
  if (SSL_get_error(ssl, ssl_result) == SSL_ERROR_SYSCALL && code != 0) {
    return {Outcome::failed, 0, {code, boost::system::system_category()}};
  }
  tls_error_ = take_ssl_error("the connection was cut");
  return {Outcome::failed, 0, asio::error::connection_reset};
}

Stream::Try Stream::try_read(std::span<char> into) {
  if (ssl_) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
    return result > 0 ? Try{Outcome::done, count} : classify(result);
  }
  const ssize_t count = receive(into.data(), into.size());
  if (count > 0) return {Outcome::done, static_cast<std::size_t>(count)};
  if (count == 0) return {Outcome::end};
  if (errno == EAGAIN || errno == EINTR) return {Outcome::want_read};
  return {Outcome::failed, 0, last_system_error()};
}

Stream::Try Stream::try_write(std::string_view bytes) {
  if (ssl_) {
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    return result > 0 ? Try{Outcome::done, count} : classify(result);
  }
  const ssize_t count = transmit(bytes.data(), bytes.size());
  if (count >= 0) return {Outcome::done, static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EINTR) return {Outcome::want_write};
  return {Outcome::failed, 0, last_system_error()};
}

asio::awaitable<Stream::ErrorCode> Stream::wait(Outcome want) {
  if (want == Outcome::want_write) {
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, asio::as_tuple(asio::use_awaitable));
    co_return error;
  }
  const auto [error, count] = co_await async_fill(asio::as_tuple(asio::use_awaitable));
  co_return received(error, count);
}

asio::awaitable<boost::system::result<std::size_t>> Stream::read_some(std::span<char> into) {
  for (;;) {
    const Try tried = try_read(into);
    if (tried.outcome == Outcome::done) co_return tried.bytes;
    if (tried.outcome == Outcome::end) co_return std::size_t{0};
    if (tried.outcome == Outcome::failed) co_return tried.error;
    const ErrorCode error = co_await wait(tried.outcome);
    if (error) co_return error;
  }
}

asio::awaitable<Stream::ErrorCode> Stream::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const Try tried = try_write(bytes);
    if (tried.outcome == Outcome::done) {
      bytes.remove_prefix(tried.bytes);
      continue;
    }
    if (tried.outcome == Outcome::end) co_return asio::error::connection_reset;
    if (tried.outcome == Outcome::failed) co_return tried.error;
    const ErrorCode error = co_await wait(tried.outcome);
    if (error) co_return error;
  }
  co_return ErrorCode{};
}

Stream::Try Stream::step_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return {};
  plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  return classify(result);
}

asio::awaitable<Result<void>> Stream::handshake() {
  if (!ssl_) co_return Result<void>();
  for (;;) {
    const Try tried = step_handshake();
    if (tried.outcome == Outcome::done) co_return Result<void>();
    if (tried.outcome == Outcome::failed || tried.outcome == Outcome::end) {
      const ErrorCode closed = tried.error ? tried.error : asio::error::eof;
      co_return Error(Errc::unreachable, describe(closed));
    }
    const ErrorCode error = co_await wait(tried.outcome);
    if (error == asio::error::operation_aborted) co_return Error(Errc::cancelled, "the TLS handshake was cancelled");
    if (error) co_return Error(Errc::unreachable, "TLS handshake: " + error.message());
  }
}

std::string Stream::describe(ErrorCode error) const {
  return tls_error_.empty() ? error.message() : tls_sentence(tls_error_);
}

void Stream::shut_down() noexcept {
  if (shut_down_ || !socket_.is_open()) return;
  shut_down_ = true;
  if (ssl_ && SSL_is_init_finished(ssl_.get()) != 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

asio::awaitable<void> Stream::drain(std::size_t max_bytes) {
  std::size_t drained = 0;
  while (drained < max_bytes) {
    const auto [error, count] = co_await async_fill(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    drained += count;
  }
}

void Stream::cancel() noexcept {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Stream::close() noexcept {
  ErrorCode ignored;
  socket_.close(ignored);
}

bool Stream::peer_is_gone() noexcept {
  pollfd question{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&question, 1, 0) > 0 && (question.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Stream::is_quiet() noexcept {
  if (peer_ended_ || inbox_begin_ < inbox_end_ || !socket_.is_open()) return false;
  char byte = 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

std::string take_ssl_error(std::string_view fallback) {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : std::string(fallback);
}

}  // namespace p2p::net
