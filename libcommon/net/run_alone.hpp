// One coroutine on a loop that has nothing else to do, for tools and for the time before a node's loops run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

namespace p2p::net {

namespace detail {
template <class T>
boost::asio::awaitable<void> keep(boost::asio::awaitable<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}
}  // namespace detail

/// Runs `loop` on this thread until `task` has ended, and gives its result; throws what it threw. Other work of the
/// loop stays where it was.
template <class T>
T run_alone(boost::asio::io_context& loop, boost::asio::awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr thrown;
  auto keeping = detail::keep(std::move(task), result);
  boost::asio::co_spawn(loop, std::move(keeping), [&](std::exception_ptr failed) {
    thrown = failed;
    loop.stop();
  });
  loop.restart();
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace p2p::net
