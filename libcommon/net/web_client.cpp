#include "net/web_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "net/exchange.hpp"
#include "net/http_text.hpp"
#include "net/web_dial.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kMaxIdle = 4;
// Shorter than most servers wait.
constexpr std::chrono::seconds kIdleTime{30};

using Outcome = boost::system::result<Answer, WebError>;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<void> same_host_only(const Url& from, const Url& to) {
  if (from.host == to.host && (to.https || !from.https)) return {};
  return Error(Errc::not_permitted, fmt::format("{} leads away to {}", from.authority(), to.to_text()));
}

}  // namespace

void throw_exception_from_error(const WebError& error, const boost::source_location&) {
  throw std::runtime_error(error.error.context);
}

class WebClient::Impl {
 public:
  Impl(asio::any_io_executor executor, WebTrust trust) : executor_(std::move(executor)), trust_(std::move(trust)) {}

  // Coroutines take the pointer to stay alive until they end.
  asio::awaitable<Outcome> send(std::shared_ptr<Impl>, WebRequest request);
  void close();

 private:
  struct Idle {
    Url server;  // of the target nothing counts
    std::unique_ptr<Exchange> connection;
    Monotonic since;
  };

  asio::awaitable<Outcome> send_once(const WebRequest& request, CallWatch& watch);
  asio::awaitable<boost::system::result<std::unique_ptr<Exchange>, WebError>> dial(const WebRequest& request,
                                                                                   const CallWatch& watch);
  std::unique_ptr<Exchange> take_idle(const Url& url);
  void keep(const Url& url, std::unique_ptr<Exchange> connection);

  asio::any_io_executor executor_;
  WebTrust trust_;
  std::vector<Idle> idle_;
  CallWatches calls_;
  bool closed_ = false;
};

asio::awaitable<Outcome> WebClient::Impl::send(std::shared_ptr<Impl>, WebRequest request) {
  if (closed_) co_return WebError{Error(Errc::cancelled, request.url.authority() + ": the client is closed")};
  CallWatch watch(executor_, request.timeout);
  calls_.push_back(watch);
  const bool follows = request.max_redirects > 0 && (request.method == Method::get || request.method == Method::head);
  for (unsigned redirects = 0;; ++redirects) {
    auto outcome = co_await send_once(request, watch);
    if (!outcome || !follows || !is_redirect(outcome->status)) co_return outcome;
    if (redirects == request.max_redirects) {
      co_return WebError{Error(Errc::too_large, fmt::format("{} redirects more than {} times", request.url.authority(),
                                                            request.max_redirects)),
                         WebStep::redirect};
    }
    auto to = resolve_reference(request.url, outcome->headers.get("Location"));
    if (!to) co_return WebError{to.error(), WebStep::redirect};
    const auto allowed = request.may_follow ? request.may_follow(request.url, *to) : same_host_only(request.url, *to);
    if (!allowed) co_return WebError{allowed.error(), WebStep::redirect};
    request.url = std::move(*to);
  }
}

asio::awaitable<Outcome> WebClient::Impl::send_once(const WebRequest& request, CallWatch& watch) {
  const Url& url = request.url;
  const std::string name = url.authority();
  std::string text;
  const auto written = append_request(text, request.method, url.target, name, request.headers, request.body);
  if (!written) co_return WebError{written.error(), WebStep::request};
  const Awaited awaited{request.method == Method::head, request.max_response_bytes};
  auto connection = take_idle(url);
  for (;;) {
    const bool reused = connection != nullptr;
    if (!reused) {
      auto dialled = co_await dial(request, watch);
      if (!dialled) co_return dialled.error();
      connection = std::move(*dialled);
    }
    auto outcome = co_await connection->run(text, awaited, name, watch);
    if (outcome) {
      if (connection->reusable() && !closed_) keep(url, std::move(connection));
      co_return std::move(*outcome);
    }
    // The server may have closed a kept connection just as it was used again.
    const bool harmless = !outcome.error().sent || awaited.to_head || request.method == Method::get;
    if (!reused || !harmless || connection->answered() || watch.over()) {
      co_return WebError{outcome.error().error, WebStep::answer};
    }
    connection = nullptr;
  }
}

asio::awaitable<boost::system::result<std::unique_ptr<Exchange>, WebError>> WebClient::Impl::dial(
    const WebRequest& request, const CallWatch& watch) {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(watch.deadline() - std::chrono::steady_clock::now());
  CallWatch connecting(executor_, std::min(request.connect_timeout, left));
  calls_.push_back(connecting);
  auto stream = co_await dial_web(executor_, trust_, request.url, request.only_remote, connecting);
  if (!stream) co_return stream.error();
  co_return std::make_unique<Exchange>(std::move(*stream), auth::Caller{});
}

std::unique_ptr<Exchange> WebClient::Impl::take_idle(const Url& url) {
  const Monotonic now = std::chrono::steady_clock::now();
  std::erase_if(idle_,
                [&](const Idle& idle) { return now - idle.since > kIdleTime || !idle.connection->still_good(); });
  const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) {
    return idle.server.https == url.https && idle.server.host == url.host && idle.server.port == url.port;
  });
  if (found == idle_.end()) return nullptr;
  auto out = std::move(found->connection);
  idle_.erase(found);
  return out;
}

void WebClient::Impl::keep(const Url& url, std::unique_ptr<Exchange> connection) {
  if (idle_.size() >= kMaxIdle) idle_.erase(idle_.begin());
  idle_.push_back({url, std::move(connection), std::chrono::steady_clock::now()});
}

void WebClient::Impl::close() {
  closed_ = true;
  idle_.clear();
  for (auto call = calls_.begin(); call != calls_.end();)
    (call++)->end(Error(Errc::cancelled, "the call was cancelled"));
}

WebClient::WebClient(asio::any_io_executor executor, WebTrust trust)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(trust))) {}

WebClient::~WebClient() { close(); }

asio::awaitable<Outcome> WebClient::send(WebRequest request) { return impl_->send(impl_, std::move(request)); }

void WebClient::close() { impl_->close(); }

}  // namespace p2p::net
