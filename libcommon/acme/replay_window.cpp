#include "acme/replay_window.hpp"

#include <algorithm>

namespace p2p::acme {

ReplayWindow::ReplayWindow(std::uint64_t size) : open_(std::max<std::uint64_t>(size, 1)) {}

std::uint64_t ReplayWindow::give() {
  open_[next_ % open_.size()] = true;
  return next_++;
}

bool ReplayWindow::take(std::uint64_t number) {
  if (number >= next_ || next_ - number > open_.size()) return false;
  const bool fresh = open_[number % open_.size()];
  open_[number % open_.size()] = false;
  return fresh;
}

}  // namespace p2p::acme
