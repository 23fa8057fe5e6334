#include "logs/source_positions.hpp"

namespace p2p::logs {

void SourcePositions::set(const SourcePosition& position) {
  if (!position.is_kept()) return;
  const auto [at, is_new] = by_source_.try_emplace(position.source);
  if (!is_new) by_turn_.erase(at->second.turn);
  at->second = {position.position, ++turn_};
  by_turn_.emplace(turn_, position.source);
  if (by_source_.size() <= kMaxSources) return;
  by_source_.erase(by_turn_.begin()->second);
  by_turn_.erase(by_turn_.begin());
}

std::optional<std::string> SourcePositions::find(const std::string& source) const {
  const auto at = by_source_.find(source);
  if (at == by_source_.end()) return std::nullopt;
  return at->second.position;
}

std::vector<SourcePosition> SourcePositions::all() const {
  std::vector<SourcePosition> out;
  for (const auto& [turn, source] : by_turn_) out.push_back({source, by_source_.at(source).position});
  return out;
}

}  // namespace p2p::logs
