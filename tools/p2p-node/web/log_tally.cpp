#include "log_tally.hpp"

#include <algorithm>

#include "metrics/fleet_history.hpp"

namespace p2p::node {
namespace {

/// The page shows so much of an error, and has the rest one click away.
constexpr std::size_t kShownErrorBytes = 500;
constexpr std::size_t kEarlierErrors = 1'000;
constexpr std::size_t kStepRecords = 5'000;

}  // namespace

dashboard::LogCount* LogTally::count_of(const std::string& node_id) {
  const auto found = counts_.find(node_id);
  if (found != counts_.end()) return &found->second;
  return counts_.size() < metrics::kMaxHistories ? &counts_[node_id] : nullptr;
}

void LogTally::begin() {
  position_ = access_.store.last_number();
  logs::FilterSpec errors;
  errors.minimum_level = LogLevel::error;
  auto filter = logs::Filter::make(std::move(errors));
  if (!filter) return;
  const auto page = access_.store.query({std::move(*filter), logs::Order::tail, 0, kEarlierErrors});
  if (!page) return;
  for (const auto& stored : page->records) take(stored);
  for (auto& [node_id, count] : counts_) count.records = count.errors = 0;
}

void LogTally::take(const logs::StoredRecord& stored) {
  dashboard::LogCount* count = count_of(stored.record.node_id);
  if (count == nullptr) return;
  ++count->records;
  if (stored.record.level < LogLevel::error) return;
  ++count->errors;
  count->last_error = {stored.record.timestamp, stored.record.logger_name,
                       logs::clean_text(stored.record.message, kShownErrorBytes),
                       access_.store.cursor(stored.number).to_text()};
}

void LogTally::catch_up() {
  for (;;) {
    const auto news = access_.hub.after(position_, kStepRecords);
    if (news.in_memory && news.batches.empty()) return;
    const std::uint64_t before = position_;
    if (!news.in_memory) position_ = access_.store.last_number();
    for (const auto& batch : news.batches) {
      for (const auto& stored : batch->records) {
        if (stored.number > position_) take(stored);
      }
      position_ = std::max(position_, batch->last_number);
    }
    records_ += position_ - before;
  }
}

}  // namespace p2p::node
