// A Server on loops of its own, for the time of a test.
#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "net/loops.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"

namespace p2p::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Keeps what is logged.
class RecordingSink final : public LogSink {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view, std::string message) override {
    const std::lock_guard lock(mutex_);
    lines_ += message + "\n";
  }
  bool has(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return lines_.find(text) != std::string::npos;
  }

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

/// Waits until `condition` holds; false after 20 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

inline net::Route make_route(net::Method method, std::string pattern, net::Handler handler) {
  net::Route out;
  out.method = method;
  out.pattern = std::move(pattern);
  out.permission = auth::Permission::open;
  out.handler = std::move(handler);
  return out;
}

/// Limits short enough that a test of one does not wait, for those that a test does not mean to meet long ones.
inline net::ServerLimits quick_limits() {
  net::ServerLimits out;
  out.sweep = 5ms;
  return out;
}

class Running {
 public:
  Running(net::Router router, const net::TlsContexts* tls = nullptr, net::ServerOptions options = local())
      : loops(2), server(loops.sessions(), std::move(router), tls, std::move(options), log) {
    const auto started = server.start();
    port = started ? *started : std::uint16_t{0};
    loops.start();
    control_ = std::thread([this] { loops.run(); });
  }
  ~Running() {
    stop(0ms);
    loops.stop();
    control_.join();
    loops.join();
  }

  static net::ServerOptions local() {
    net::ServerOptions out;
    out.bind_address = "127.0.0.1";
    out.limits = quick_limits();
    return out;
  }

  /// Runs a coroutine on the control loop to its end.
  template <class T>
  T run(asio::awaitable<T> task) {
    return asio::co_spawn(loops.control(), std::move(task), asio::use_future).get();
  }
  /// Begins one there.
  template <class T>
  std::future<T> begin(asio::awaitable<T> task) {
    return asio::co_spawn(loops.control(), std::move(task), asio::use_future);
  }
  bool stop(std::chrono::milliseconds grace) {
    if (stopped_) return true;
    stopped_ = true;
    return run(server.stop(grace));
  }

  RecordingSink log;
  net::Loops loops;
  net::Server server;
  std::uint16_t port = 0;

 private:
  std::thread control_;
  bool stopped_ = false;
};

/// Waits until it is cancelled, and says that it was.
inline asio::awaitable<net::Response> wait_for_cancellation(std::atomic<bool>& began, std::atomic<bool>& ended) {
  struct Note {
    std::atomic<bool>& flag;
    ~Note() { flag = true; }
  } note{ended};
  began = true;
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return net::Response::text("never");
}

}  // namespace p2p::test
