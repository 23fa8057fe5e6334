// Why the calls of a method fail: its newest error, or one that is hardly older.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "rpc/outcome.hpp"

namespace p2p::rpc {

/// A newer error takes the place of one that was noted so long ago: who shows it is not told another one each second,
/// and a flood of errors costs nothing.
inline constexpr std::chrono::seconds kFailureKept{10};
/// Of an error that is kept: its message is cut there, data that is longer is left out.
inline constexpr std::size_t kMaxFailureMessage = 1'000, kMaxFailureData = 8 << 10;

/// Any thread.
class LastFailure {
 public:
  /// Waits for nobody: of errors that come at once, one is kept. Whether it was this one.
  bool note(const RpcError& error, Monotonic now);
  std::optional<RpcError> get() const;

 private:
  std::atomic<Monotonic> next_{Monotonic::min()};  // before it nothing is noted
  mutable std::mutex mutex_;
  std::optional<RpcError> error_;
};

}  // namespace p2p::rpc
