// Runs a function or coroutine on another loop and comes back with its result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace p2p::net {

namespace detail {
/// Optional, because co_spawn makes a value of nothing where the work throws.
template <class Work>
boost::asio::awaitable<std::optional<std::invoke_result_t<Work&>>> invoke(Work work) {
  co_return work();
}
}  // namespace detail

/// Runs `work()` on `executor` and resumes the caller on its own executor with the result. Everything that `work`
/// captures must be owned by it or outlive it: a cancelled caller does not stop it.
template <class Executor, class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> run_on(Executor executor, Work work) {
  namespace asio = boost::asio;
  auto task = detail::invoke(std::move(work));
  // No cancellation goes along: of Boost 1.81, one that crosses loops may arrive when its target is gone.
  auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto result = co_await asio::co_spawn(std::move(executor), std::move(task), std::move(uncancelled));
  co_return std::move(*result);
}

/// The same for a coroutine, whose result can be made of nothing.
template <class Executor, class Value>
boost::asio::awaitable<Value> await_on(Executor executor, boost::asio::awaitable<Value> task) {
  namespace asio = boost::asio;
  auto uncancelled = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(std::move(executor), std::move(task), std::move(uncancelled));
}

}  // namespace p2p::net
