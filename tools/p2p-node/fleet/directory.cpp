#include "directory.hpp"

namespace p2p::node {

Directory::Directory() : current_(std::make_shared<const Snapshot>()) {}

void Directory::publish(std::vector<rpc::Candidate> members, Places places) {
  auto next = std::make_shared<const Snapshot>(Snapshot{std::move(members), std::move(places)});
  const std::lock_guard lock(mutex_);
  current_.swap(next);
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
