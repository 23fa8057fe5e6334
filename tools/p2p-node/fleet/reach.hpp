// Where each node of the fleet can be reached from here: the links that are open and the addresses that answered. What
// it publishes is read by everyone else.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "directory.hpp"
#include "membership/cluster_view.hpp"
#include "membership/link.hpp"

namespace p2p::node {

/// What becomes of the link to a node when another one to it is open.
enum class OlderLink : unsigned char {
  closes,   ///< it is taken to be dead: its calls end
  retires,  ///< its calls go on until they end
  stays,    ///< until the other side closes it
};

/// Control loop, except for view().
class Reach {
 public:
  /// An address that was used, and is not used any more: the node announces another first, or answered at another.
  struct Left {
    std::string node_id;
    std::string address;
  };

  /// `directory` must outlive it.
  explicit Reach(Directory& directory) : directory_(directory) {}

  /// The link that had its place until then, or nullptr.
  std::shared_ptr<membership::Link> add_link(const std::string& node_id, std::shared_ptr<membership::Link> link);
  /// False when a newer link has taken its place.
  bool remove_link(const std::string& node_id, const membership::Link* link);
  /// nullptr when no link to it is open.
  std::shared_ptr<membership::Link> link_to(std::string_view node_id) const;

  /// The node answered at this address; without a node_id, a coordinator did. Of a node that is not in the view that
  /// is published next it is forgotten then.
  void note_answer(const std::string& node_id, const std::string& address);
  /// Puts the address that answered last in front of the list, where it is in it.
  void prefer_answered(std::string_view node_id, std::vector<std::string>& addresses) const;

  /// Publishes what changed, here and in the directory; false when nothing did.
  bool publish(const membership::ClusterViewPtr& view);
  /// What nodes have left since the last call.
  std::vector<Left> take_left() { return std::exchange(left_, {}); }
  /// The view that was published last, null before the first. Any thread.
  membership::ClusterViewPtr view() const;

 private:
  Place place_of(const membership::NodeView& node) const;
  /// Empty where none is known.
  std::string used_address(const std::string& node_id) const;
  void follow_announcement(const membership::NodeView& node);

  Directory& directory_;
  std::map<std::string, std::shared_ptr<membership::Link>, std::less<>> links_;
  std::map<std::string, std::string, std::less<>> answered_at_;             ///< by node
  std::map<std::string, std::vector<std::string>, std::less<>> announced_;  ///< likewise, as it was published
  std::vector<Left> left_;
  bool changed_ = false;
  mutable std::mutex mutex_;  // guards published_ against readers on other threads
  membership::ClusterViewPtr published_;
};

}  // namespace p2p::node
