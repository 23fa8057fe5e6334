#include "rpc/last_failure.hpp"

namespace p2p::rpc {

bool LastFailure::note(const RpcError& error, Monotonic now) {
  if (now < next_.load(std::memory_order_relaxed)) return false;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  next_.store(now + kFailureKept, std::memory_order_relaxed);
  error_ = {error.code, error.message.substr(0, kMaxFailureMessage),
            error.data.size() <= kMaxFailureData ? error.data : std::string()};
  return true;
}

std::optional<RpcError> LastFailure::get() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace p2p::rpc
