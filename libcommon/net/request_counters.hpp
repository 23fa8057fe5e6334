// What one loop counts of its requests, without a lock or a locked instruction; any thread reads. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/loop_counter.hpp"
#include "ratelimit/rates.hpp"

namespace p2p::net {

/// Upper bounds of the histogram of latencies: a call on the same machine up to the longest usual deadline.
inline constexpr std::array<std::chrono::microseconds, 15> kLatencyBounds{std::chrono::microseconds(250),
                                                                          std::chrono::microseconds(500),
                                                                          std::chrono::microseconds(1'000),
                                                                          std::chrono::microseconds(2'500),
                                                                          std::chrono::microseconds(5'000),
                                                                          std::chrono::microseconds(10'000),
                                                                          std::chrono::microseconds(25'000),
                                                                          std::chrono::microseconds(50'000),
                                                                          std::chrono::microseconds(100'000),
                                                                          std::chrono::microseconds(250'000),
                                                                          std::chrono::microseconds(500'000),
                                                                          std::chrono::microseconds(1'000'000),
                                                                          std::chrono::seconds(5),
                                                                          std::chrono::seconds(10),
                                                                          std::chrono::seconds(30)};

/// 1xx to 5xx.
inline constexpr std::size_t kStatusClassCount = 5;

/// Sums of the requests of one class.
struct RequestFigures {
  std::array<std::uint64_t, kStatusClassCount> by_status{};
  std::array<std::uint64_t, kLatencyBounds.size() + 1> by_latency{};  ///< each up to its bound and above the one before
  std::chrono::microseconds latency_sum{};
};
using RequestFiguresByClass = std::array<RequestFigures, ratelimit::kLimitClassCount>;

class RequestCounters {
 public:
  /// From the end of the request's head to its answer.
  void answered(ratelimit::LimitClass limit_class, unsigned status, std::chrono::nanoseconds latency) {
    OfClass& of = classes_[static_cast<std::size_t>(limit_class)];
    of.by_status[std::clamp<std::size_t>(status / 100, 1, kStatusClassCount) - 1].add();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(latency);
    std::size_t bucket = 0;
    while (bucket < kLatencyBounds.size() && latency > kLatencyBounds[bucket]) ++bucket;
    of.by_latency[bucket].add();
    of.latency_sum.add(static_cast<std::uint64_t>(microseconds.count()));
  }

  void add_to(RequestFiguresByClass& sums) const {
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      const OfClass& of = classes_[i];
      for (std::size_t n = 0; n < of.by_status.size(); ++n) sums[i].by_status[n] += of.by_status[n].get();
      for (std::size_t n = 0; n < of.by_latency.size(); ++n) sums[i].by_latency[n] += of.by_latency[n].get();
      sums[i].latency_sum += std::chrono::microseconds(of.latency_sum.get());
    }
  }

 private:
  struct OfClass {
    std::array<LoopCounter, kStatusClassCount> by_status;
    std::array<LoopCounter, kLatencyBounds.size() + 1> by_latency;
    LoopCounter latency_sum;  // microseconds
  };
  std::array<OfClass, ratelimit::kLimitClassCount> classes_;
};

}  // namespace p2p::net
