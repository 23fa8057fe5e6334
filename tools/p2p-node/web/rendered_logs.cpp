#include "rendered_logs.hpp"

#include <algorithm>

#include "logs/record_json.hpp"

namespace p2p::node {
namespace {

/// Of the batches that are kept; pages that are further behind write their own.
constexpr std::size_t kRenderedBytes = 4 << 20;

}  // namespace

RenderedLogs::Texts RenderedLogs::of(const logs::CommittedBatchPtr& batch) {
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(newest_.rbegin(), newest_.rend(), [&](const auto& one) { return one.first == batch; });
  if (known != newest_.rend()) return known->second;
  auto texts = std::make_shared<std::vector<std::string>>();
  texts->reserve(batch->records.size());
  for (const auto& stored : batch->records) {
    logs::append_record_json(texts->emplace_back(), stored.record, store_.cursor(stored.number).to_text());
  }
  newest_.emplace_back(batch, texts);
  bytes_ += batch->bytes;
  while (bytes_ > kRenderedBytes && newest_.size() > 1) {
    bytes_ -= newest_.front().first->bytes;
    newest_.pop_front();
  }
  return texts;
}

}  // namespace p2p::node
