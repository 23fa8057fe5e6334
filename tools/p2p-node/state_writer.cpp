#include "state_writer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace p2p::node {

namespace asio = boost::asio;

StateWriter::StateWriter(asio::io_context& control, net::TaskGroup& tasks, net::BlockingPool& pool, Options options,
                         LogSink& log)
    : control_(control),
      tasks_(tasks),
      pool_(pool),
      options_(std::move(options)),
      log_(log, "Node"),
      finished_(control, Monotonic::max()) {}

void StateWriter::save_soon() {
  dirty_ = true;
  if (!std::exchange(queued_, true)) tasks_.start("save " + options_.what, save_in_task());
}

asio::awaitable<void> StateWriter::save_in_task() {
  const auto done = std::shared_ptr<void>(nullptr, [this](void*) { queued_ = false; });
  // What changed while it was written is written once more.
  do {
    auto saving = save_now();
    if (const auto saved = co_await std::move(saving); !saved) break;
  } while (dirty_);
}

asio::awaitable<Result<void>> StateWriter::save_now() {
  while (saving_) co_await finished_.async_wait(asio::as_tuple(asio::use_awaitable));
  saving_ = true;
  const auto done = std::shared_ptr<void>(nullptr, [this](void*) {
    saving_ = false;
    finished_.cancel();
  });
  dirty_ = false;
  auto work = [write = options_.write, text = options_.encode()] { return write(text); };
  auto writing = pool_.run(std::move(work));
  auto saved = co_await std::move(writing);
  if (!saved) {
    dirty_ = true;
    log_.error("{} could not be saved: {}", options_.what, saved.error().context);
  }
  co_return saved;
}

asio::awaitable<void> StateWriter::autosave(std::chrono::milliseconds interval) {
  asio::steady_timer timer(control_);
  for (;;) {
    timer.expires_after(interval);
    const auto [failed] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
    if (dirty_) save_soon();
  }
}

}  // namespace p2p::node
