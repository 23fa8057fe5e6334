#include "base/progress_queue.hpp"

#include <utility>

namespace p2p {

void ProgressQueue::report(std::string value) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (value.size() > kMaxProgressBytes) {
    ++waiting_.dropped;
  } else {
    bytes_ += value.size();
    waiting_.values.push_back(std::move(value));
  }
  while (waiting_.values.size() > kMaxQueuedProgress || bytes_ > kMaxQueuedProgressBytes) {
    bytes_ -= waiting_.values.front().size();
    waiting_.values.pop_front();
    ++waiting_.dropped;
  }
  wake_reader();
}

void ProgressQueue::dropped(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  waiting_.dropped += count;
  wake_reader();
}

void ProgressQueue::wake_reader() {
  if (!std::exchange(awake_, true)) wake_();
}

ProgressQueue::Batch ProgressQueue::take() {
  const std::lock_guard lock(mutex_);
  awake_ = false;
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

void ProgressQueue::rest() {
  const std::lock_guard lock(mutex_);
  awake_ = false;
}

void ProgressQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_ = {};
  wake_ = nullptr;
}

}  // namespace p2p
