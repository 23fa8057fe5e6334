#include "net/exchange.hpp"

#include <fmt/format.h>

#include <limits>

namespace p2p::net {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kUsualAnswerBytes = 4096;
constexpr std::size_t kBulkAnswerBytes = 16 << 10;
// A server that only ever answers "wait" is no server.
constexpr unsigned kMaxInterimAnswers = 8;

Error damaged(const Error& error) {
  return error.kind() == Errc::too_large ? error : Error(Errc::damaged, error.context);
}

Error too_large(const Awaited& awaited) {
  return {Errc::too_large, fmt::format("the answer is larger than {} bytes", awaited.max_body_bytes)};
}

}  // namespace

asio::awaitable<CallResult> Exchange::run(const std::string& request, const Awaited& awaited, std::string name,
                                          CallWatch& watch) {
  sent_ = answered_ = false;
  // Closed, not cancelled: what is read already must not let it go on.
  watch.guard([this] { stream_->close(); });
  auto sending = co_await send(request);
  Result<Answer> answer = Answer{};
  if (sending) answer = co_await receive(awaited);
  watch.release();
  if (sending && answer) co_return std::move(*answer);
  const Error& failure = sending ? answer.error() : sending.error();
  const Error named(failure.code, name + ": " + failure.context);
  co_return CallError{watch.reason(name, named), sent_};
}

asio::awaitable<Result<void>> Exchange::send(std::string_view request) {
  while (!request.empty()) {
    const Stream::Try tried = stream_->try_write(request);
    if (tried.outcome == Stream::Outcome::done) {
      sent_ = true;
      request.remove_prefix(tried.bytes);
      continue;
    }
    Stream::ErrorCode error = tried.error;
    if (tried.outcome == Stream::Outcome::want_read || tried.outcome == Stream::Outcome::want_write) {
      error = co_await stream_->wait(tried.outcome);
      if (!error) continue;
    }
    co_return Error(Errc::unreachable, error ? stream_->describe(error) : "the connection was closed");
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> Exchange::fill(std::size_t room) {
  const auto count = co_await stream_->read_some(buffer_.room(room));
  if (!count) co_return Error(Errc::unreachable, stream_->describe(count.error()));
  buffer_.commit(*count);
  answered_ = answered_ || *count > 0;
  co_return *count;
}

asio::awaitable<Result<std::size_t>> Exchange::receive_head() {
  HeadScanner scanner;
  for (;;) {
    const auto scanned = scanner.scan(buffer_.view());
    if (!scanned) co_return damaged(scanned.error());
    if (*scanned > 0) co_return scanned;
    const auto count = co_await fill(kUsualAnswerBytes);
    if (!count) co_return count;
    if (*count == 0) co_return Error(Errc::unreachable, "the connection was closed before the answer");
  }
}

Result<void> Exchange::take_body(const Awaited& awaited, Answer& answer) {
  const auto used = parser_.parse_body(buffer_.view());
  if (!used) return damaged(used.error());
  buffer_.consume(*used);
  if (!awaited.on_body) return {};
  if (auto taken = awaited.on_body(answer); !taken) return taken;
  if (answer.body.size() > awaited.max_body_bytes) return too_large(awaited);
  return {};
}

asio::awaitable<Result<Answer>> Exchange::receive(const Awaited& awaited) {
  Answer answer;
  for (unsigned interim = 0; answer.status < 200; ++interim) {
    const auto head = co_await receive_head();
    if (!head) co_return head.error();
    const auto status =
        parser_.parse_head(buffer_.view().substr(0, *head), awaited.to_head, answer.headers, answer.body);
    if (!status) co_return damaged(status.error());
    if (interim == kMaxInterimAnswers || *status == 101) co_return Error(Errc::damaged, "the answer makes no sense");
    buffer_.consume(*head);
    answer.status = *status;
  }
  // Of a body that is taken as it comes, only what is not taken counts.
  parser_.limit_body(awaited.on_body ? std::numeric_limits<std::size_t>::max() : awaited.max_body_bytes);
  if (!parser_.done() && parser_.content_length() > awaited.max_body_bytes) co_return too_large(awaited);
  while (!parser_.done()) {
    if (!buffer_.empty()) {
      const auto taken = take_body(awaited, answer);
      if (!taken) co_return taken.error();
      if (parser_.done()) break;
    }
    const auto count = co_await fill(kBulkAnswerBytes);
    if (!count) co_return count.error();
    if (*count > 0) continue;
    const auto ended = parser_.end();
    if (!ended) co_return ended.error();
  }
  co_return answer;
}

}  // namespace p2p::net
