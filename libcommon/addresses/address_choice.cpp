#include "addresses/address_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p::addresses {

std::optional<AddressChoice::Change> AddressChoice::consider(const Ranking& ranking, Occasion occasion, Monotonic now,
                                                             bool is_doubted) {
  const Candidate* best = ranking.best();
  if (current_.empty()) {
    if (best == nullptr) return std::nullopt;
    return change(best, Why::first, best->reason, now);
  }
  const auto& all = ranking.candidates;
  const auto present =
      std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) { return candidate.address == current_; });
  if (present == all.end()) {
    const auto excluded = std::find_if(ranking.excluded.begin(), ranking.excluded.end(),
                                       [&](const ExcludedAddress& other) { return other.address == current_; });
    return change(best, Why::gone, excluded == ranking.excluded.end() ? "the address was removed" : excluded->reason,
                  now);
  }
  // Where nobody is reached from anywhere, it is not the address.
  if (present->path == Path::fails && is_reached(best->path)) {
    return change(best, Why::failed, fmt::format("no coordinator is reached from {}", current_), now);
  }
  if (is_doubted && is_reached(best->path) && level_of(best->path) < level_of(present->path)) {
    return change(best, Why::failed, fmt::format("the connection from {} is dead", current_), now);
  }
  const auto contender = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
    return candidate.address != current_ && is_clearly_better(candidate, *present);
  });
  if (contender == all.end()) {
    contender_.clear();
    confirmed_ = 0;
    return std::nullopt;
  }
  if (contender->address != contender_) {
    contender_ = contender->address;
    confirmed_ = 0;
  } else if (occasion == Occasion::network || (confirmed_ > 0 && now - last_look_ < settings_.between)) {
    return std::nullopt;
  }
  last_look_ = now;
  if (occasion == Occasion::look) ++confirmed_;
  const bool is_held = changed_at_ && now - *changed_at_ < settings_.hold;
  if (confirmed_ < settings_.confirmations || is_held) return std::nullopt;
  const std::string reason = contender->rank == present->rank && contender->path == present->path
                                 ? "its way to the coordinator is clearly shorter"
                                 : contender->reason;
  auto out = change(&*contender, Why::better, reason, now);
  changed_at_ = now;
  return out;
}

bool AddressChoice::is_clearly_better(const Candidate& other, const Candidate& present) const {
  // That nothing speaks against it is no proof that it can be dialled back.
  if (other.path == Path::answers && present.path == Path::one_way) return false;
  if (level_of(other.path) != level_of(present.path)) return level_of(other.path) < level_of(present.path);
  if (other.rank != present.rank) return other.rank < present.rank;
  if (!other.round_trip || !present.round_trip) return false;
  const auto saved = *present.round_trip - *other.round_trip;
  return saved >= settings_.margin && saved * settings_.share >= *present.round_trip;
}

AddressChoice::Change AddressChoice::change(const Candidate* to, Why why, std::string reason, Monotonic now) {
  Change out{std::move(current_), to != nullptr ? to->address : std::string(), why, std::move(reason)};
  current_ = out.to;
  contender_.clear();
  confirmed_ = 0;
  // The first choice was no change that anybody had to follow.
  if (why != Why::first) changed_at_ = now;
  return out;
}

std::optional<Monotonic> AddressChoice::next_look() const {
  if (contender_.empty()) return std::nullopt;
  const Monotonic soon = last_look_ + settings_.interval;
  if (confirmed_ < settings_.confirmations || !changed_at_) return soon;
  return std::max(soon, *changed_at_ + settings_.hold);
}

std::vector<std::string> AddressChoice::announced(const Ranking& ranking) const {
  const bool reaches = std::any_of(ranking.candidates.begin(), ranking.candidates.end(),
                                   [](const Candidate& candidate) { return is_reached(candidate.path); });
  std::vector<std::string> out;
  for (const Candidate& candidate : ranking.candidates) {
    if (reaches && candidate.path == Path::fails && candidate.address != current_) continue;
    // One address may be on two links.
    if (std::find(out.begin(), out.end(), candidate.address) != out.end()) continue;
    if (candidate.address == current_) {
      out.insert(out.begin(), candidate.address);
    } else {
      out.push_back(candidate.address);
    }
  }
  return out;
}

std::string_view to_text(AddressChoice::Why why) noexcept {
  switch (why) {
    case AddressChoice::Why::first: return "first";
    case AddressChoice::Why::gone: return "gone";
    case AddressChoice::Why::failed: return "failed";
    case AddressChoice::Why::better: break;
  }
  return "better";
}

}  // namespace p2p::addresses
