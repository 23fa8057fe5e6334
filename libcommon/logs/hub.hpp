// Where live readers find what was just stored. Nothing is queued for any of them: the hub keeps the newest commits in
// one bounded ring, each reader asks for what follows its own number, and one that is too far behind reads the store
// instead. So history and live are one stream, a slow reader costs nothing, and ingest never waits for a reader.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "logs/stored.hpp"

namespace p2p::logs {

/// What the ring holds at most, in memory.
inline constexpr std::size_t kRingBytes = 4 << 20;

/// Any thread.
class Hub {
 public:
  /// `last_number`: the newest record that the store has at start.
  explicit Hub(std::uint64_t last_number, std::size_t ring_bytes = kRingBytes)
      : max_bytes_(ring_bytes), forgotten_(last_number), last_(last_number) {}

  /// Called with every commit that stored something, in order; wakes the subscribers.
  void publish(CommittedBatchPtr batch);

  struct News {
    /// False: records after the number are no longer in memory; read the store up to its end and come back.
    bool in_memory = true;
    /// Commits that hold records after the number (the first may begin before it), at most `max_records` and one more
    /// commit; empty when there is nothing new.
    std::vector<CommittedBatchPtr> batches;
  };
  News after(std::uint64_t number, std::size_t max_records) const;

  /// `wake` is called from the publishing thread after each commit, until the subscription is destroyed; it must only
  /// post. The subscription must not outlive the hub.
  class Subscription {
   public:
    Subscription(Hub& hub, std::function<void()> wake);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class Hub;
    Hub& hub_;
    std::function<void()> wake_;
  };

 private:
  mutable std::mutex mutex_;
  std::deque<CommittedBatchPtr> ring_;
  std::size_t bytes_ = 0;
  const std::size_t max_bytes_;
  std::uint64_t forgotten_;  // the newest number that is no longer in the ring
  std::uint64_t last_;
  std::mutex subscribers_mutex_;
  std::vector<Subscription*> subscribers_;
};

}  // namespace p2p::logs
