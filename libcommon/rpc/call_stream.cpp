#include "rpc/call_stream.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "net/event_stream.hpp"
#include "net/progress_relay.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::rpc {

namespace asio = boost::asio;

/// What the call and the writer share; both are on one loop.
struct CallStream::Running {
  explicit Running(const asio::any_io_executor& loop)
      : changed(loop),
        relay(loop,
              {[this] { return text.empty(); }, [this](ProgressQueue::Batch batch) { append(std::move(batch)); }}) {}

  void append(ProgressQueue::Batch batch) {
    if (batch.dropped > 0) net::append_event(text, "dropped", fmt::format(R"({{"dropped":{}}})", batch.dropped));
    for (const std::string& value : batch.values) net::append_event(text, "progress", value);
    changed.cancel();
  }

  asio::steady_timer changed;  // cancelled when there is something to write
  std::string text;            // events that are not being written yet
  std::optional<Outcome> outcome{};
  bool client_gone = false;
  net::ProgressRelay relay;
};

asio::awaitable<void> CallStream::run(Running& running) {
  auto working = work_(running.relay.sink());
  Outcome outcome = co_await std::move(working);
  running.outcome = std::move(outcome);
  running.changed.cancel();
}

asio::awaitable<void> CallStream::write(Running& running, net::BodyWriter& out) {
  for (;;) {
    const bool last = running.outcome.has_value();
    if (last) running.relay.finish();
    std::string text = std::exchange(running.text, {});
    if (last) {
      std::string response;
      append_outcome(response, *running.outcome, id_);
      net::append_event(text, "result", response);
    } else if (text.empty()) {
      running.changed.expires_after(kStreamHeartbeat);
      const auto [woken] = co_await running.changed.async_wait(asio::as_tuple(asio::use_awaitable));
      if (woken) continue;
      text = net::kEventHeartbeat;
    }
    const auto written = co_await out.write(text);
    if (!written) {
      running.client_gone = true;
      throw boost::system::system_error(asio::error::connection_reset);  // which cancels the call
    }
    if (last) co_return;
    running.relay.pull();
  }
}

asio::awaitable<void> CallStream::write_to(net::BodyWriter& out) {
  const auto loop = co_await asio::this_coro::executor;
  Running running(loop);
  auto working = asio::co_spawn(loop, run(running), asio::deferred);
  auto writing = asio::co_spawn(loop, write(running, out), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(working), std::move(writing));
  auto [order, run_failure, write_failure] =
      co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
  if (running.client_gone) co_return;
  if (run_failure) std::rethrow_exception(run_failure);
  if (write_failure) std::rethrow_exception(write_failure);
}

}  // namespace p2p::rpc
