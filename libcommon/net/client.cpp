#include "net/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "net/dial.hpp"
#include "net/exchange.hpp"
#include "net/http_text.hpp"
#include "net/websocket.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

// Shorter than a server's idle time, so that the client is the one who closes.
constexpr std::chrono::seconds kIdleTime{60};
constexpr std::chrono::seconds kReapInterval{10};
// A burst of calls leaves its connections for the next one: a handshake costs as much as fifty calls.
constexpr std::size_t kMaxIdlePerPeer = 128;
constexpr std::size_t kMaxIdle = 1024;

std::string pool_key(const Endpoint& endpoint, const ExpectedPeer& peer) {
  return fmt::format("{} {} {}", endpoint.to_text(), peer.node_id.value_or("*"),
                     peer.role ? pki::to_string(*peer.role) : "*");
}

struct Idle {
  std::unique_ptr<Exchange> connection;
  std::shared_ptr<const TlsContexts::State> tls;  // as it was dialled with
  Monotonic since;
};

}  // namespace

void throw_exception_from_error(const CallError& error, const boost::source_location&) {
  throw std::runtime_error(error.error.context);
}

class Client::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor executor, const TlsContexts& tls, LogSink& log)
      : executor_(std::move(executor)), tls_(tls), log_(log, "Network"), reaper_(executor_) {}

  // Coroutines take the pointer to stay alive until they end.
  asio::awaitable<CallResult> call(std::shared_ptr<Impl>, Call call);
  asio::awaitable<Result<ChannelPtr>> open(std::shared_ptr<Impl>, Endpoint endpoint, ExpectedPeer peer,
                                           std::string target, Headers headers, ChannelLimits limits,
                                           std::chrono::milliseconds timeout);
  void drop(const std::function<bool(const auth::Caller&)>& predicate, const std::string& why);
  void close();

 private:
  std::unique_ptr<Exchange> take_idle(const std::string& key);
  void keep(const std::string& key, std::unique_ptr<Exchange> connection,
            std::shared_ptr<const TlsContexts::State> tls);
  void reap();
  void schedule_reaping();

  asio::any_io_executor executor_;
  const TlsContexts& tls_;
  Logger log_;
  std::unordered_map<std::string, std::vector<Idle>> idle_;
  std::size_t idle_count_ = 0;
  asio::steady_timer reaper_;
  CallWatches calls_;
  std::vector<std::weak_ptr<Channel>> channels_;  // some have ended
  bool closed_ = false;
};

asio::awaitable<CallResult> Client::Impl::call(std::shared_ptr<Impl>, Call call) {
  const std::string name = call.endpoint.to_text();
  if (closed_) co_return CallError{Error(Errc::cancelled, name + ": the client is closed")};
  std::string text;
  auto written = append_request(text, call.method, call.target, name, call.headers, call.body);
  if (!written) co_return CallError{written.error()};
  CallWatch watch(executor_, call.timeout);
  calls_.push_back(watch);
  const Awaited awaited{call.method == Method::head, call.max_response_bytes, std::move(call.on_body)};
  const std::string key = pool_key(call.endpoint, call.peer);
  const auto tls = tls_.state();
  auto connection = call.fresh_connection ? nullptr : take_idle(key);
  for (;;) {
    const bool reused = connection != nullptr;
    if (!reused) {
      CallWatch connecting(executor_, std::min(call.connect_timeout, call.timeout));
      calls_.push_back(connecting);
      auto dialled = co_await dial(executor_, tls, call.endpoint, call.peer, connecting);
      if (!dialled) co_return CallError{dialled.error()};
      connection = std::make_unique<Exchange>(std::move(dialled->stream), std::move(dialled->peer));
    }
    watch.set_peer(&connection->peer());
    auto outcome = co_await connection->run(text, awaited, name, watch);
    if (outcome) {
      if (connection->reusable() && !closed_) keep(key, std::move(connection), tls);
      co_return std::move(*outcome);
    }
    // The peer may have closed a kept connection just as it was used again.
    const bool harmless = !outcome.error().sent || call.method == Method::get || call.method == Method::head;
    if (!reused || !harmless || connection->answered() || watch.over()) co_return outcome.error();
    log_.debug("{}: again, on a new connection", outcome.error().error.context);
    watch.set_peer(nullptr);
    connection = nullptr;
  }
}

asio::awaitable<Result<ChannelPtr>> Client::Impl::open(std::shared_ptr<Impl>, Endpoint endpoint, ExpectedPeer peer,
                                                       std::string target, Headers headers, ChannelLimits limits,
                                                       std::chrono::milliseconds timeout) {
  const std::string name = endpoint.to_text();
  if (closed_) co_return Error(Errc::cancelled, name + ": the client is closed");
  CallWatch watch(executor_, timeout);
  calls_.push_back(watch);
  auto dialled = co_await dial(executor_, tls_.state(), endpoint, peer, watch);
  if (!dialled) co_return dialled.error();
  const auto channel = make_websocket(std::move(dialled->stream), {}, std::move(dialled->peer), limits);
  std::erase_if(channels_, [](const auto& other) { return other.expired(); });
  channels_.push_back(channel);
  watch.guard([channel] { channel->abort(); });
  const auto connected = co_await channel->connect(name, std::move(target), std::move(headers));
  watch.release();
  if (!connected) co_return watch.reason(name, connected.error());
  co_return ChannelPtr(channel);
}

std::unique_ptr<Exchange> Client::Impl::take_idle(const std::string& key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& waiting = found->second;
  while (!waiting.empty()) {
    Idle idle = std::move(waiting.back());
    waiting.pop_back();
    --idle_count_;
    const bool fresh = std::chrono::steady_clock::now() - idle.since < kIdleTime;
    if (fresh && idle.tls == tls_.state() && idle.connection->still_good()) return std::move(idle.connection);
  }
  idle_.erase(found);
  return nullptr;
}

void Client::Impl::keep(const std::string& key, std::unique_ptr<Exchange> connection,
                        std::shared_ptr<const TlsContexts::State> tls) {
  const auto known = idle_.find(key);
  const bool is_full = idle_count_ >= kMaxIdle;
  if (is_full && (known == idle_.end() || known->second.empty())) return;
  auto& waiting = known != idle_.end() ? known->second : idle_[key];
  if (is_full || waiting.size() >= kMaxIdlePerPeer) {
    waiting.erase(waiting.begin());
    --idle_count_;
  }
  waiting.push_back({std::move(connection), std::move(tls), std::chrono::steady_clock::now()});
  ++idle_count_;
  if (idle_.size() == 1 && waiting.size() == 1) schedule_reaping();
}

void Client::Impl::schedule_reaping() {
  reaper_.expires_after(kReapInterval);
  reaper_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->reap();
  });
}

void Client::Impl::reap() {
  const Monotonic now = std::chrono::steady_clock::now();
  for (auto peer = idle_.begin(); peer != idle_.end();) {
    idle_count_ -= std::erase_if(peer->second, [&](const Idle& idle) {
      return now - idle.since >= kIdleTime || !idle.connection->still_good();
    });
    peer = peer->second.empty() ? idle_.erase(peer) : std::next(peer);
  }
  if (!idle_.empty()) schedule_reaping();
}

void Client::Impl::drop(const std::function<bool(const auth::Caller&)>& predicate, const std::string& why) {
  for (auto& [key, waiting] : idle_) {
    idle_count_ -= std::erase_if(waiting, [&](const Idle& idle) { return predicate(idle.connection->peer()); });
  }
  for (auto call = calls_.begin(); call != calls_.end();) {
    CallWatch& watch = *call++;  // its call may end at once
    if (watch.peer() == nullptr || !predicate(*watch.peer())) continue;
    watch.end(Error(Errc::unreachable, "the connection was dropped: " + why));
  }
  for (const auto& weak : channels_) {
    if (const auto channel = weak.lock(); channel && predicate(channel->peer())) channel->abort();
  }
}

void Client::Impl::close() {
  closed_ = true;
  idle_.clear();
  idle_count_ = 0;
  reaper_.cancel();
  for (auto call = calls_.begin(); call != calls_.end();) {
    (call++)->end(Error(Errc::cancelled, "the call was cancelled"));
  }
}

Client::Client(asio::any_io_executor executor, const TlsContexts& tls, LogSink& log)
    : impl_(std::make_shared<Impl>(std::move(executor), tls, log)) {}

Client::~Client() { close(); }

asio::awaitable<CallResult> Client::call(Call call) { return impl_->call(impl_, std::move(call)); }

asio::awaitable<Result<ChannelPtr>> Client::open_channel(Endpoint endpoint, ExpectedPeer peer, std::string target,
                                                         Headers headers, ChannelLimits limits,
                                                         std::chrono::milliseconds timeout) {
  return impl_->open(impl_, std::move(endpoint), std::move(peer), std::move(target), std::move(headers), limits,
                     timeout);
}

void Client::drop(const std::function<bool(const auth::Caller&)>& predicate, const std::string& why) {
  impl_->drop(predicate, why);
}

void Client::close() { impl_->close(); }

}  // namespace p2p::net
