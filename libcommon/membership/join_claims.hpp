// Names whose holder has been let in, but whose record is still to come: it was told which incarnation to exceed. Until
// then the registry still shows the process before it. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "membership/instant.hpp"

namespace p2p::membership {

/// Which process goes by a name, and where it said that it can be reached.
struct NameHolder {
  std::uint64_t instance = 0;
  std::vector<std::string> addresses;
};

class JoinClaims {
 public:
  /// A process that has not come back by then asks to join once more.
  static constexpr std::chrono::seconds kLife{30};

  void add(const std::string& node_id, NameHolder holder, Instant now) {
    std::erase_if(claims_, [&](const auto& claim) { return claim.second.until <= now.monotonic; });
    claims_[node_id] = {std::move(holder), now.monotonic + kLife};
  }
  void remove(const std::string& node_id) { claims_.erase(node_id); }
  /// The record of this process has come.
  void settle(const std::string& node_id, std::uint64_t instance) {
    const auto found = claims_.find(node_id);
    if (found != claims_.end() && found->second.holder.instance == instance) claims_.erase(found);
  }
  /// nullptr when there is none.
  const NameHolder* find(std::string_view node_id, Instant now) const {
    const auto found = claims_.find(node_id);
    return found != claims_.end() && now.monotonic < found->second.until ? &found->second.holder : nullptr;
  }

 private:
  struct Claim {
    NameHolder holder;
    Monotonic until;
  };
  std::map<std::string, Claim, std::less<>> claims_;
};

}  // namespace p2p::membership
