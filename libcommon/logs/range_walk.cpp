#include "logs/range_walk.hpp"

#include <algorithm>

namespace p2p::logs {
namespace {

template <class Bits>
IndexQuery::Alternative alternative(const Bits& bits) {
  return {bits.begin(), bits.end()};
}

}  // namespace

IndexQuery index_query(const Filter& filter, const std::vector<std::int64_t>& nodes,
                       const std::vector<std::int64_t>& loggers) {
  IndexQuery out;
  for (const auto& any_of : filter.needed_texts()) {
    IndexQuery::Clause clause;
    for (const auto& text : any_of) clause.push_back(text_bits(text));
    const bool is_indexed = std::none_of(clause.begin(), clause.end(), [](const auto& bits) { return bits.empty(); });
    if (is_indexed) out.clauses.push_back(std::move(clause));
  }
  const Severity severity = severity_term(filter.spec().minimum_level);
  IndexQuery::Clause any_node;
  if (nodes.size() <= kMaxAlternatives) {
    for (const auto id : nodes) any_node.push_back(alternative(node_bits(static_cast<std::uint64_t>(id), severity)));
  }
  if (any_node.empty() && severity != Severity::any) any_node.push_back(alternative(node_bits(0, severity)));
  if (!any_node.empty()) out.clauses.push_back(std::move(any_node));
  IndexQuery::Clause any_logger;
  if (loggers.size() <= kMaxAlternatives) {
    for (const auto id : loggers) any_logger.push_back(alternative(logger_bits(static_cast<std::uint64_t>(id))));
  }
  if (!any_logger.empty()) out.clauses.push_back(std::move(any_logger));
  return out;
}

RangeWalk::RangeWalk(NumberRange all, bool forward, std::shared_ptr<DayIndex> index, IndexQuery query)
    : forward_(forward), index_(std::move(index)), query_(std::move(query)) {
  if (all.first > all.last) return;
  std::uint64_t rest = all.first;
  if (index_ != nullptr && !query_.clauses.empty()) {
    groups_ = index_->groups();
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const NumberRange part{std::max(groups_[i].first, all.first), std::min(groups_[i].last, all.last)};
      if (part.first <= part.last) stretches_.push_back({part, i});
    }
    if (!groups_.empty()) rest = std::max(rest, groups_.back().last + 1);
  }
  if (rest <= all.last) stretches_.push_back({{rest, all.last}});
  if (forward_) std::reverse(stretches_.begin(), stretches_.end());
}

std::optional<NumberRange> RangeWalk::next() {
  while (ranges_.empty()) {
    if (stretches_.empty()) return std::nullopt;
    const Stretch stretch = stretches_.back();
    stretches_.pop_back();
    if (!stretch.group) return stretch.range;
    for (auto range : index_->find(*stretch.group, groups_[*stretch.group], query_)) {
      range.first = std::max(range.first, stretch.range.first);
      range.last = std::min(range.last, stretch.range.last);
      if (range.first <= range.last) ranges_.push_back(range);
    }
    if (forward_) std::reverse(ranges_.begin(), ranges_.end());
  }
  const NumberRange out = ranges_.back();
  ranges_.pop_back();
  return out;
}

}  // namespace p2p::logs
