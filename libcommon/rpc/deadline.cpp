#include "rpc/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "rpc/jsonrpc.hpp"

namespace p2p::rpc {
namespace asio = boost::asio;
using asio::experimental::make_parallel_group;

asio::awaitable<Outcome> with_deadline(asio::awaitable<Outcome> work, Monotonic deadline) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, deadline);
  auto working = asio::co_spawn(executor, std::move(work), asio::deferred);
  auto expiring = timer.async_wait(asio::deferred);
  auto group = make_parallel_group(std::move(working), std::move(expiring));
  auto [order, failure, outcome, expired] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 1 && !expired) {
    co_return standard_error(Code::timeout, "the deadline passed; whether the call took effect is unknown");
  }
  if (failure) std::rethrow_exception(failure);
  co_return std::move(outcome);
}

namespace {

asio::awaitable<void> run_in_turn(std::vector<asio::awaitable<void>>& tasks, std::size_t& next) {
  while (next < tasks.size()) {
    auto task = std::move(tasks[next++]);
    co_await std::move(task);
  }
}

}  // namespace

asio::awaitable<void> run_bounded(std::vector<asio::awaitable<void>> tasks, std::size_t limit) {
  if (tasks.empty()) co_return;
  const auto executor = co_await asio::this_coro::executor;
  std::size_t next = 0;
  auto first = asio::co_spawn(executor, run_in_turn(tasks, next), asio::deferred);
  std::vector<decltype(first)> runners;
  runners.push_back(std::move(first));
  while (runners.size() < std::min(limit, tasks.size())) {
    runners.push_back(asio::co_spawn(executor, run_in_turn(tasks, next), asio::deferred));
  }
  auto group = make_parallel_group(std::move(runners));
  co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
}

}  // namespace p2p::rpc
