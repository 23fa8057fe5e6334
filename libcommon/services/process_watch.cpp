#include "services/process_watch.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace p2p::services {

namespace asio = boost::asio;

asio::awaitable<void> readable_or(asio::posix::stream_descriptor& descriptor, asio::steady_timer& timer,
                                  Monotonic until) {
  timer.expires_at(until);
  auto reading = descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred);
  auto expiring = timer.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(reading), std::move(expiring));
  co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
}

void drain(Process& process, const Process::Sink& on_stdout, const Process::Sink& on_stderr,
           const Process::Sink& on_progress) {
  constexpr int kRounds = 2;
  process.signal_group(SIGKILL);
  for (int round = 0; round < kRounds && process.pump(on_stdout, on_stderr, on_progress); ++round) {
  }
}

}  // namespace p2p::services
