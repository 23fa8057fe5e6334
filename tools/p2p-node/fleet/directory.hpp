// Where each node of the fleet can be reached: what membership knows of it, the link that it keeps here, and which of
// its addresses answered. Published by the control loop, read by all.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "membership/link.hpp"
#include "net/client.hpp"
#include "rpc/forwarder.hpp"

namespace p2p::node {

struct Place {
  std::vector<net::Endpoint> endpoints;    ///< the one that answered first, then as announced
  std::optional<bool> dialable;            ///< whether an address answered when it was last tried
  std::shared_ptr<membership::Link> link;  ///< none for a node that keeps no link here
};

/// Thread-safe; what it hands out never changes.
class Directory final : public rpc::ClusterView {
 public:
  using Places = std::map<std::string, Place, std::less<>>;

  Directory();
  void publish(std::vector<rpc::Candidate> members, Places places);

  std::shared_ptr<const std::vector<rpc::Candidate>> members() const override;
  std::optional<Place> find(std::string_view node_id) const;

  /// Whether the node gets calls: until this is undone, the node is no longer listed, or this process ends. False if it
  /// was so already.
  bool set_draining(const std::string& node_id, bool draining);
  bool is_draining(std::string_view node_id) const;
  /// How far the node's clock is ahead of this one's (negative: behind), measured over the link that it keeps here.
  std::optional<std::chrono::milliseconds> clock_offset(std::string_view node_id) const;

 private:
  struct Snapshot {
    std::vector<rpc::Candidate> members;
    Places places;
  };
  std::shared_ptr<const Snapshot> snapshot() const;
  void mark(std::vector<rpc::Candidate>& members) const;

  mutable std::mutex mutex_;  // guards what follows; nothing is waited for under it
  std::set<std::string, std::less<>> draining_;
  std::shared_ptr<const Snapshot> current_;
};

}  // namespace p2p::node
