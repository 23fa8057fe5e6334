// Runs a function on another loop and comes back with its result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
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
  auto task = detail::invoke(std::move(work));
  auto result = co_await boost::asio::co_spawn(std::move(executor), std::move(task), boost::asio::use_awaitable);
  co_return std::move(*result);
}

}  // namespace p2p::net
