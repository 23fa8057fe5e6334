#include "addresses/settling.hpp"

#include <algorithm>

namespace p2p::addresses {

void Settling::changed(Monotonic now) {
  if (!first_change_) first_change_ = now;
  last_change_ = now;
}

void Settling::overflowed(Monotonic now) {
  changed(now);
  is_urgent_ = true;
}

Monotonic Settling::next_look() const {
  if (!first_change_) return looked_at_ + settings_.poll;
  if (is_urgent_) return *first_change_;
  return std::min(last_change_ + settings_.quiet, *first_change_ + settings_.at_most);
}

void Settling::looked(Monotonic now) {
  looked_at_ = now;
  first_change_.reset();
  is_urgent_ = false;
}

}  // namespace p2p::addresses
