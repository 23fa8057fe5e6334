#include "directory.hpp"

#include <utility>

namespace p2p::node {

Directory::Directory() : current_(std::make_shared<const Snapshot>()) {}

void Directory::mark(std::vector<rpc::Candidate>& members) const {
  for (rpc::Candidate& member : members) member.draining = draining_.contains(member.node_id);
}

void Directory::publish(std::vector<rpc::Candidate> members, Places places) {
  std::shared_ptr<const Snapshot> last;  // freed after the lock
  const std::lock_guard lock(mutex_);
  std::erase_if(draining_, [&](const std::string& node_id) { return !places.contains(node_id); });
  mark(members);
  last = std::exchange(current_, std::make_shared<const Snapshot>(Snapshot{std::move(members), std::move(places)}));
}

bool Directory::set_draining(const std::string& node_id, bool draining) {
  const std::lock_guard lock(mutex_);
  const bool changed = draining ? draining_.insert(node_id).second : draining_.erase(node_id) > 0;
  if (!changed) return false;
  auto members = current_->members;
  mark(members);
  current_ = std::make_shared<const Snapshot>(Snapshot{std::move(members), current_->places});
  return true;
}

bool Directory::is_draining(std::string_view node_id) const {
  const std::lock_guard lock(mutex_);
  return draining_.contains(node_id);
}

std::optional<std::chrono::milliseconds> Directory::clock_offset(std::string_view node_id) const {
  const auto now = snapshot();
  const auto found = now->places.find(node_id);
  if (found == now->places.end() || !found->second.link) return std::nullopt;
  return found->second.link->clock_offset();
}

std::shared_ptr<const Directory::Snapshot> Directory::snapshot() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::shared_ptr<const std::vector<rpc::Candidate>> Directory::members() const {
  auto now = snapshot();
  const auto* members = &now->members;
  return {std::move(now), members};
}

std::optional<Place> Directory::find(std::string_view node_id) const {
  const auto now = snapshot();
  const auto found = now->places.find(node_id);
  if (found == now->places.end()) return std::nullopt;
  return found->second;
}

}  // namespace p2p::node
