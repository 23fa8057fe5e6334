#include "dashboard/log_lane.hpp"

#include <utility>

namespace p2p::dashboard {

void LogLane::skip(std::uint64_t count, std::uint64_t last) {
  if (gap_.skipped == 0) gap_.after = batch_after_;
  gap_.skipped += count;
  gap_.before = last;
}

void LogLane::add(std::uint64_t number, std::string_view json) {
  if (counting_) {
    skip(1, number);
  } else {
    if (count_++ > 0) text_ += ',';
    text_ += json;
  }
  position_ = number;
}

void LogLane::count_only() {
  if (count_ > 0) skip(count_, position_);
  text_ = std::string();
  count_ = 0;
  counting_ = true;
}

LogLane::Batch LogLane::take() {
  Batch out;
  if (gap_.skipped > 0) out.gap = std::exchange(gap_, Gap{});
  out.records = std::exchange(text_, std::string());
  out.count = std::exchange(count_, 0);
  out.position = batch_after_ = position_;
  counting_ = false;
  return out;
}

void LogLane::wait() {
  if (is_full()) count_only();
}

}  // namespace p2p::dashboard
