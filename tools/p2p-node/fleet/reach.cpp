#include "reach.hpp"

#include <algorithm>
#include <utility>

namespace p2p::node {

std::shared_ptr<membership::Link> Reach::add_link(const std::string& node_id, std::shared_ptr<membership::Link> link) {
  changed_ = true;
  return std::exchange(links_[node_id], std::move(link));
}

bool Reach::remove_link(const std::string& node_id, const membership::Link* link) {
  const auto found = links_.find(node_id);
  if (found == links_.end() || found->second.get() != link) return false;
  links_.erase(found);
  changed_ = true;
  return true;
}

std::shared_ptr<membership::Link> Reach::link_to(std::string_view node_id) const {
  const auto found = links_.find(node_id);
  return found == links_.end() ? nullptr : found->second;
}

void Reach::note_answer(const std::string& node_id, const std::string& address) {
  const std::string before = used_address(node_id);
  // What was sent there still waits for its answer.
  if (!node_id.empty() && !before.empty() && before != address) left_.push_back({node_id, before});
  auto& known = answered_at_[node_id];
  if (known == address) return;
  known = address;
  changed_ = true;
}

std::string Reach::used_address(const std::string& node_id) const {
  if (const auto answered = answered_at_.find(node_id); answered != answered_at_.end()) return answered->second;
  const auto announced = announced_.find(node_id);
  return announced != announced_.end() && !announced->second.empty() ? announced->second.front() : std::string();
}

void Reach::prefer_answered(std::string_view node_id, std::vector<std::string>& addresses) const {
  const auto found = answered_at_.find(node_id);
  if (found == answered_at_.end()) return;
  const auto at = std::find(addresses.begin(), addresses.end(), found->second);
  if (at != addresses.end()) std::rotate(addresses.begin(), at, at + 1);
}

Place Reach::place_of(const membership::NodeView& node) const {
  Place out;
  auto addresses = node.record->addresses;
  prefer_answered(node.node_id(), addresses);
  for (const auto& address : addresses) {
    if (auto endpoint = net::parse_endpoint(address, 0)) out.endpoints.push_back(std::move(*endpoint));
  }
  out.dialable = node.dialable;
  out.link = link_to(node.node_id());
  return out;
}

/// A node that announces another address first has its reasons: that one is used from then on.
void Reach::follow_announcement(const membership::NodeView& node) {
  const auto& addresses = node.record->addresses;
  auto& known = announced_[node.node_id()];
  if (known == addresses) return;
  std::string used = used_address(node.node_id());
  const bool is_new_first = !known.empty() && (addresses.empty() || addresses.front() != known.front());
  if (is_new_first) answered_at_.erase(node.node_id());
  if (is_new_first && !used.empty() && (addresses.empty() || addresses.front() != used)) {
    left_.push_back({node.node_id(), std::move(used)});
  }
  known = addresses;
}

bool Reach::publish(const membership::ClusterViewPtr& view) {
  if (view == published_ && !changed_) return false;
  changed_ = false;
  {
    const std::lock_guard lock(mutex_);
    published_ = view;
  }
  std::vector<rpc::Candidate> members;
  Directory::Places places;
  for (const auto& node : view->nodes) {
    using membership::NodeStatus;
    rpc::Candidate member;
    member.node_id = node.node_id();
    member.role = node.role;
    member.alive = node.status == NodeStatus::alive || node.status == NodeStatus::suspected;
    for (const auto& service : node.record->services) member.services.push_back(service.name);
    if (node.status != NodeStatus::left) members.push_back(std::move(member));
    follow_announcement(node);
    places.emplace(node.node_id(), place_of(node));
  }
  std::erase_if(announced_, [&](const auto& entry) { return !places.contains(entry.first); });
  std::erase_if(answered_at_, [&](const auto& entry) { return !entry.first.empty() && !places.contains(entry.first); });
  directory_.publish(std::move(members), std::move(places));
  return true;
}

membership::ClusterViewPtr Reach::view() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

}  // namespace p2p::node
