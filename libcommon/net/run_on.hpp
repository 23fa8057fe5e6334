// Runs a function on another loop and comes back with its result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace p2p::net {

namespace detail {
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> invoke(Work work) {
  co_return work();
}
}  // namespace detail

/// Runs `work()` on `executor` and resumes the caller on its own executor with the result. Everything that `work`
/// captures must be owned by it or outlive it: a cancelled caller does not stop it.
template <class Executor, class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> run_on(Executor executor, Work work) {
  auto task = detail::invoke(std::move(work));
  co_return co_await boost::asio::co_spawn(std::move(executor), std::move(task), boost::asio::use_awaitable);
}

}  // namespace p2p::net
