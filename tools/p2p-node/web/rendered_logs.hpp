// Log records as JSON, written once for all pages that show them.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "logs/store.hpp"
#include "logs/stored.hpp"

namespace p2p::node {

/// Any thread.
class RenderedLogs {
 public:
  /// Of each record of the batch, in its order.
  using Texts = std::shared_ptr<const std::vector<std::string>>;

  /// The store outlives it.
  explicit RenderedLogs(const logs::Store& store) : store_(store) {}
  Texts of(const logs::CommittedBatchPtr& batch);

 private:
  const logs::Store& store_;
  std::mutex mutex_;
  std::deque<std::pair<logs::CommittedBatchPtr, Texts>> newest_;
  std::size_t bytes_ = 0;
};

}  // namespace p2p::node
