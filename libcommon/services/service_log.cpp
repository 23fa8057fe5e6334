#include "services/service_log.hpp"

#include <algorithm>
#include <utility>

#include "services/line_splitter.hpp"

namespace p2p::services {
namespace {

using std::chrono::milliseconds;

/// What is dropped is said at most so often.
constexpr milliseconds kWordInterval{1000};

}  // namespace

void ServiceLog::write(std::string_view line, Monotonic now) {
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - since_);
  if (elapsed > milliseconds{0}) {
    // It is full again long before this could overflow.
    const auto gained =
        static_cast<std::size_t>(std::min(elapsed, milliseconds{60'000}).count()) * kLoggedBytesPerSecond / 1000;
    left_bytes_ = std::min(left_bytes_ + gained, kLoggedBurstBytes);
    since_ += elapsed;
  }
  if (dropped_count_ > 0 && now >= next_word_) {
    finish();
    next_word_ = now + kWordInterval;
  }
  line = line.substr(0, kMaxLineBytes);
  const LogLevel level = levels_.next(line);
  if (line.size() >= left_bytes_) {
    if (dropped_count_++ == 0) next_word_ = now + kWordInterval;
    return;
  }
  left_bytes_ -= line.size() + 1;
  log_.log(level, "{}", line);
}

void ServiceLog::finish() {
  if (const std::size_t count = std::exchange(dropped_count_, 0); count > 0)
    log_.warning("{} lines were dropped: it prints too much", count);
}

}  // namespace p2p::services
