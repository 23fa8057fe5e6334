// The machine's part in bulletins: what is published, taken in and passed on.
#include <fmt/format.h>

#include "membership/membership.hpp"

namespace p2p::membership {

Result<bool> Membership::publish(std::string kind, Bytes content, Instant now) {
  const auto held = board_.offer({std::move(kind), std::make_shared<const Bytes>(std::move(content))});
  if (!held) return held.error();
  if (*held != nullptr) hold(*held, registry_.self_id(), now);
  return *held != nullptr;
}

void Membership::absorb_bulletins(const CarriedBulletins& contents, std::string_view from, Instant now) {
  for (const CarriedBulletin& carried : contents) {
    const auto held = board_.offer(carried);
    if (!held) {
      tell_refused(held.error(), from, now);
    } else if (*held != nullptr) {
      hold(*held, from, now);
    }
  }
}

/// A newer one is told to the owner and over every link but the one that it came from.
void Membership::hold(const BulletinPtr& bulletin, std::string_view from, Instant now) {
  actions_.bulletins.push_back(bulletin);
  actions_.save_state = true;
  say(EventKind::bulletin, LogLevel::debug,
      fmt::format("version {} of the bulletin {}, from {}", bulletin->version, bulletin->kind, from));
  PushTo push;
  for (const std::string& node_id : registry_.links()) {
    if (node_id != from) push.links.push_back(node_id);
  }
  auto message = std::make_shared<PushMessage>();
  message->bulletins.push_back({bulletin->kind, bulletin->version});
  if (bulletin->content->size() <= kMaxPushedBulletinBytes) {
    message->contents.push_back({bulletin->kind, bulletin->content});
  } else {
    hurry_round(now);
  }
  if (push.links.empty()) return;
  interval_.count_message();
  push.message = std::move(message);
  actions_.pushes.push_back(std::move(push));
}

/// The next round begins within a moment: soon, but not for all nodes in step, and not as often as somebody likes.
void Membership::hurry_round(Instant now) {
  if (now.monotonic < next_hurry_) return;
  next_hurry_ = now.monotonic + settings_.interval.minimum;
  constexpr double kMomentMilliseconds = 500;
  const auto moment = std::chrono::milliseconds(static_cast<int>(kMomentMilliseconds * random_.unit()));
  next_round_ = std::min(next_round_, now.monotonic + moment);
}

}  // namespace p2p::membership
