// The server's part on one session loop: its listening socket, its sessions, and the sweep over them.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>

#include "net/address_counter.hpp"
#include "net/refusals.hpp"
#include "net/session.hpp"
#include "net/task_group.hpp"
#include "net/tls.hpp"

namespace p2p::net {

/// Everything but construction, start and counters() runs on the loop.
class ServerLoop final : public SessionHost {
 public:
  ServerLoop(boost::asio::any_io_executor executor, const Dispatcher& dispatcher, const TlsContexts* tls,
             AddressCounter& addresses, Refusals& refusals, LogSink& log);
  ~ServerLoop() override;

  /// `listener` is a bound, listening socket that this takes.
  void start(int listener, bool ipv6);
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace);
  void begin_stop();
  void drop(const std::function<bool(const auth::Caller&)>& predicate);

  boost::asio::any_io_executor executor() const { return executor_; }
  const Dispatcher& dispatcher() const override { return dispatcher_; }
  const TlsContexts* tls() const override { return tls_; }
  LoopCounters& counters() override { return counters_; }
  const Logger& log() const override { return log_; }
  void say_exhausted(const std::string& why);
  void say_refused(const std::string& address, const std::string& why) override;
  std::string_view http_date() override;
  bool stopping() const override { return stopping_; }

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> sweep();
  void take(Stream::Socket socket);
  void forget(std::list<Session>::iterator session);
  void give_memory_back();
  boost::asio::awaitable<void> wait_until_empty(std::chrono::milliseconds limit);

  boost::asio::any_io_executor executor_;
  const Dispatcher& dispatcher_;
  const TlsContexts* tls_;
  AddressCounter& addresses_;
  Refusals& refusals_;
  Logger log_;
  LoopCounters counters_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer emptied_;  // cancelled when the last session has ended
  std::list<Session> sessions_;
  std::size_t most_sessions_ = 0;  // since memory was last given back
  TaskGroup tasks_;
  bool stopping_ = false;
  std::time_t date_second_ = -1;
  std::string date_;
};

}  // namespace p2p::net
