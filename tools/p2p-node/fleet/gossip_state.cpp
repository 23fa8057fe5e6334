#include "gossip_state.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "membership/state_file.hpp"

namespace p2p::node {

namespace asio = boost::asio;

GossipState::GossipState(asio::io_context& control, const membership::Membership& membership, net::TaskGroup& tasks,
                         Save save, LogSink& log)
    : control_(control), membership_(membership), tasks_(tasks), save_(std::move(save)), log_(log, "Gossip") {}

void GossipState::save_soon() {
  wanted_ = true;
  if (!saving_) tasks_.start("save gossip state", save_loop());
}

asio::awaitable<void> GossipState::save_loop() {
  if (saving_) co_return;
  saving_ = true;
  const auto done = std::shared_ptr<void>(nullptr, [this](void*) { saving_ = false; });
  while (std::exchange(wanted_, false)) co_await save_now();
}

asio::awaitable<void> GossipState::save_now() {
  dirty_ = false;
  auto text = membership::encode_state(membership_.saved_state(), membership_.self().node_id);
  const auto saved = co_await save_(std::move(text));
  if (saved) co_return;
  dirty_ = true;
  log_.error("the gossip state could not be saved: {}", saved.error().context);
}

asio::awaitable<void> GossipState::autosave(std::chrono::milliseconds interval) {
  asio::steady_timer timer(control_);
  for (;;) {
    timer.expires_after(interval);
    const auto [failed] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
    if (dirty_) save_soon();
  }
}

}  // namespace p2p::node
