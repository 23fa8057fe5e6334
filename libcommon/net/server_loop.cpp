#include "net/server_loop.hpp"

#include <malloc.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>

#include "net/exhaustion.hpp"
#include "net/http_text.hpp"

namespace p2p::net {
namespace asio = boost::asio;
namespace {

// After accept() found no file descriptor or memory, sessions get time to end.
constexpr std::chrono::milliseconds kAcceptBackOff{100};
// Cancelled sessions need a turn of the loop, not time.
constexpr std::chrono::seconds kAbortGrace{1};
// After so many connections have gone, and half of all, memory is given back to the system.
constexpr std::size_t kTrimSessions = 256;

}  // namespace

ServerLoop::ServerLoop(asio::any_io_executor executor, const Dispatcher& dispatcher, const TlsContexts* tls,
                       AddressCounter& addresses, Refusals& refusals, LogSink& log)
    : executor_(std::move(executor)),
      dispatcher_(dispatcher),
      tls_(tls),
      addresses_(addresses),
      refusals_(refusals),
      log_(log, "Network"),
      acceptor_(executor_),
      emptied_(executor_),
      tasks_(executor_, log) {}

ServerLoop::~ServerLoop() = default;

void ServerLoop::start(int listener, bool ipv6) {
  acceptor_.assign(ipv6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), listener);
  tasks_.start("accept", accept());
  tasks_.start("sweep", sweep());
}

asio::awaitable<void> ServerLoop::accept() {
  asio::steady_timer pause(executor_);
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (!error) {
      try {
        take(std::move(socket));
      } catch (const std::exception& failure) {
        log_.error("a connection could not be taken: {}", failure.what());
      }
    } else if (is_exhaustion(error.value())) {
      say_exhausted(error.message());
      pause.expires_after(kAcceptBackOff);
      co_await pause.async_wait(asio::use_awaitable);
    } else if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
      co_return;
    }
  }
}

void ServerLoop::take(Stream::Socket socket) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;
  auth::Caller caller;
  asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  caller.address = address.to_string();
  caller.loopback = address.is_loopback();
  const auto& limits = dispatcher_.limits();
  const std::size_t cap = caller.loopback ? limits.max_connections_from_loopback : limits.max_connections_per_address;
  if (!addresses_.open(caller.address, cap)) {
    counters_.refused_connections.add();
    return;
  }
  counters_.connections.add();
  auto stream = std::make_unique<Stream>(std::move(socket), SslPtr{}, &counters_.traffic);
  const auto session = sessions_.emplace(sessions_.end(), *this, std::move(stream), std::move(caller));
  most_sessions_ = std::max(most_sessions_, sessions_.size());
  asio::co_spawn(executor_, session->run(),
                 asio::bind_cancellation_slot(session->slot(), [this, session](std::exception_ptr) {
                   asio::post(executor_, [this, session] { forget(session); });
                 }));
}

// Posted: a session may end within its own cancellation, whose signal it owns, while the list is walked.
void ServerLoop::forget(std::list<Session>::iterator session) {
  addresses_.close(session->caller().address, !session->counts_for_address);
  sessions_.erase(session);
  if (sessions_.empty()) emptied_.cancel();
}

asio::awaitable<void> ServerLoop::sweep() {
  asio::steady_timer timer(executor_);
  std::uint64_t refused_before = 0;
  for (;;) {
    timer.expires_after(dispatcher_.limits().sweep);
    co_await timer.async_wait(asio::use_awaitable);
    const Monotonic now = std::chrono::steady_clock::now();
    const WallTime date = std::chrono::system_clock::now();
    for (auto& session : sessions_) {
      session.sweep(now, date);
      if (session.counts_for_address && session.caller().over_p2p) {
        session.counts_for_address = false;
        addresses_.exempt(session.caller().address);
      }
    }
    give_memory_back();
    const std::uint64_t refused = counters_.refused_connections.get();
    if (refused != refused_before) log_.warning("{} connections over the limit were refused", refused - refused_before);
    refused_before = refused;
  }
}

// malloc keeps what many connections took, for good where one that stays lies above them.
void ServerLoop::give_memory_back() {
  if (sessions_.size() + kTrimSessions > most_sessions_ || sessions_.size() > most_sessions_ / 2) return;
  most_sessions_ = sessions_.size();
  ::malloc_trim(0);
}

void ServerLoop::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (auto& session : sessions_) session.finish_soon();
}

asio::awaitable<void> ServerLoop::wait_until_empty(std::chrono::milliseconds limit) {
  emptied_.expires_after(limit);
  if (!sessions_.empty()) co_await emptied_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<bool> ServerLoop::stop(std::chrono::milliseconds grace) {
  begin_stop();
  co_await wait_until_empty(grace);
  const bool clean = sessions_.empty();
  for (auto& session : sessions_) session.abort();
  co_await wait_until_empty(kAbortGrace);
  if (!sessions_.empty()) log_.error("{} connections did not end", sessions_.size());
  co_await tasks_.stop(kAbortGrace);
  co_return clean;
}

void ServerLoop::drop(const std::function<bool(const auth::Caller&)>& predicate) {
  for (auto& session : sessions_) session.drop_if(predicate);
}

void ServerLoop::say_exhausted(const std::string& why) {
  // It is tried again ten times a second, and may last.
  const auto times = refusals_.add(why, std::chrono::steady_clock::now());
  if (times) log_.warning("no connection can be accepted: {} ({} times)", why, *times);
}

void ServerLoop::say_refused(const std::string& address, const std::string& why) {
  const auto times = refusals_.add(address + ": " + why, std::chrono::steady_clock::now());
  if (!times) return;
  if (*times == 1) return log_.warning("{} was refused: {}", address, why);
  log_.warning("{} was refused {} more times: {}", address, *times, why);
}

std::string_view ServerLoop::http_date() {
  if (const std::time_t now = std::time(nullptr); now != date_second_) {
    date_second_ = now;
    date_ = format_http_date(WallTime(std::chrono::seconds(now)));
  }
  return date_;
}

}  // namespace p2p::net
