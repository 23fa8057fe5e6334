// Changes on their way over the links: at once when it is quiet, gathered for a moment when much happens. Pure.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "membership/exchange.hpp"

namespace p2p::membership {

class PushQueue {
 public:
  static constexpr std::chrono::milliseconds kSpacing{50};

  /// The newest record of this node goes out with the next push. Past kMaxPushRecords it is left to anti-entropy.
  void add(const std::string& node_id, bool with_certificate, Instant now);
  /// Gathers no longer: what waits is due now.
  void hurry(Instant now) { due_ = std::min(due_, now.monotonic); }
  /// Monotonic::max() when nothing waits.
  Monotonic due() const { return due_; }
  /// What is to be sent to every link, or nullptr when that is not due.
  std::shared_ptr<const PushMessage> take(const Registry& registry, Instant now);

 private:
  std::map<std::string, bool> waiting_;  ///< node id, and whether its certificate goes along
  Monotonic due_ = Monotonic::max();
  Monotonic last_push_{};
};

}  // namespace p2p::membership
