#include "gossip.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// A peer that sends nonsense is mentioned this often.
constexpr std::chrono::seconds kComplaintInterval{30};

}  // namespace

Gossip::Gossip(asio::io_context& control, membership::Membership& membership, net::TaskGroup& tasks,
               net::Client& client, Directory& directory, membership::CompressionSettings compression,
               StateWriter& state, GossipHooks hooks, const Clock& clock, LogSink& log)
    : control_(control),
      membership_(membership),
      tasks_(tasks),
      client_(client),
      hooks_(std::move(hooks)),
      clock_(clock),
      log_(log, "Gossip"),
      wire_(client, compression),
      reach_(directory),
      state_(state),
      wakeup_(control, Monotonic::max()) {
  publish();
}

asio::awaitable<void> Gossip::run() {
  if (membership_.role() == pki::Role::coordinator) {
    joined_ = true;
    hooks_.joined();
  }
  for (;;) {
    membership_.tick(now());
    pump();
    wakeup_.expires_at(membership_.next_wakeup());
    // pump() ends the wait early; a cancellation of this task ends the next one with an exception.
    co_await wakeup_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Gossip::pump() {
  auto actions = membership_.take_actions();
  tell(actions.events);
  for (const auto& action : actions.pushes) push(action);
  if (actions.join && !std::exchange(joining_, true)) tasks_.start("join", join(std::move(*actions.join)));
  for (auto& target : actions.exchanges) {
    // Before the answer to the first join nobody may hear of us: another process may have our name.
    if (joining_ && !joined_) {
      held_.push_back(std::move(target));
    } else {
      tasks_.start("gossip exchange", exchange(std::move(target)));
    }
  }
  for (auto& action : actions.dial_backs) tasks_.start("dial back", dial_back(std::move(action)));
  if (actions.save_state) state_.save_soon();
  publish();
  if (membership_.next_wakeup() < wakeup_.expiry()) wakeup_.cancel();
  // Last, as what the owner does may lead back here.
  if (!hooks_.bulletin) return;
  for (const auto& bulletin : actions.bulletins) hooks_.bulletin(*bulletin);
}

void Gossip::publish() {
  if (reach_.publish(membership_.view())) state_.changed();
  for (auto& left : reach_.take_left()) {
    // Others hold no calls to a node.
    if (membership_.role() == pki::Role::coordinator) tasks_.start("left address", ask_at(std::move(left)));
  }
}

void Gossip::answered_at(const std::string& node_id, const std::string& address) {
  reach_.note_answer(node_id, address);
  publish();
}

std::vector<std::string> Gossip::coordinators(std::vector<std::string> addresses) const {
  reach_.prefer_answered("", addresses);
  return addresses;
}

void Gossip::tell(const membership::Events& events) {
  for (const auto& event : events) log_.log(event.level, "{}", event.text);
}

void Gossip::complain(const std::string& peer, const Error& error) {
  const Monotonic now = clock_.monotonic();
  std::erase_if(complained_, [&](const auto& entry) { return entry.second <= now; });
  if (!complained_.emplace(peer, now + kComplaintInterval).second) return;
  log_.warning("an unusable gossip message from {}: {}", peer, error.context);
}

// --- over links -----------------------------------------------------------------------------------------------------

void Gossip::link_opened(const std::string& node_id, std::shared_ptr<membership::Link> link, OlderLink older) {
  const auto former = reach_.add_link(node_id, std::move(link));
  membership_.link_up(node_id, now());
  pump();
  // Calls that end now find the new way.
  if (former && older == OlderLink::closes) former->give_up("a newer link has taken its place");
  if (former && older == OlderLink::retires) former->retire();
}

void Gossip::link_closed(const std::string& node_id, const membership::Link* link) {
  if (!reach_.remove_link(node_id, link)) return;
  membership_.link_down(node_id, now());
  pump();
}

void Gossip::push(const membership::PushTo& action) {
  const auto packed = wire_.pack(*action.message);
  for (const auto& node_id : action.links) {
    if (const auto link = reach_.link_to(node_id)) link->send(membership::FrameKind::records, as_text(packed.body));
  }
}

void Gossip::receive_push(const Identity& peer, std::string payload) {
  const auto message = wire_.unpack_frame(payload);
  const auto* push = message ? std::get_if<membership::PushMessage>(&*message) : nullptr;
  if (push == nullptr) {
    complain(peer.name, message ? Error(Errc::invalid, "a push that is another message") : message.error());
    return;
  }
  if (const auto taken = membership_.receive_push(peer, *push, now()); !taken) {
    log_.warning("push from {}: {}", peer.name, taken.error().context);
  }
  pump();
}

Result<bool> Gossip::publish_bulletin(std::string kind, Bytes content) {
  const auto published = membership_.publish(std::move(kind), std::move(content), now());
  pump();
  return published;
}

asio::awaitable<void> Gossip::leave(milliseconds grace) {
  membership_.leave(now());
  auto actions = membership_.take_actions();
  tell(actions.events);
  for (const auto& action : actions.pushes) push(action);
  net::TaskGroup farewells(control_.get_executor(), log_.sink());
  for (auto& target : actions.exchanges) farewells.start("goodbye", exchange(std::move(target)));
  co_await farewells.wait(grace);
  co_await farewells.stop(milliseconds{100});
}

}  // namespace p2p::node
