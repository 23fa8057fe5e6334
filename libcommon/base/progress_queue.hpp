// The progress of one call between the threads that report it and the one that reads it.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "base/progress.hpp"

namespace p2p {

inline constexpr std::size_t kMaxQueuedProgress = 64;
inline constexpr std::size_t kMaxQueuedProgressBytes = 1 << 20;

/// Holds values until their reader comes. Past the limits above the oldest are dropped, and counted.
class ProgressQueue final : public ProgressSink {
 public:
  /// `wake` is called when there is something to take, once until take() or rest(), on the thread that reports and with
  /// the queue locked: it may only tell the reader's loop.
  explicit ProgressQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void report(std::string value) override;
  void dropped(std::uint64_t count) override;

  struct Batch {
    std::uint64_t dropped = 0;  ///< before the first of the values
    std::deque<std::string> values;
    bool empty() const { return dropped == 0 && values.empty(); }
  };
  /// All that is there.
  Batch take();
  /// Takes nothing now; the next report wakes again.
  void rest();
  /// What comes from here on is dropped, and `wake` is let go.
  void close();

 private:
  void wake_reader();

  std::mutex mutex_;
  std::function<void()> wake_;
  Batch waiting_;
  std::size_t bytes_ = 0;
  bool awake_ = false;
  bool closed_ = false;
};

}  // namespace p2p
