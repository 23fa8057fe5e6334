// How many connections each address has open, over all loops: the caps of ServerLimits.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

namespace p2p::net {

/// Thread-safe. Its lock is taken when a connection opens or ends, never for a request.
class AddressCounter {
 public:
  explicit AddressCounter(std::size_t max_total) : max_total_(max_total) {}

  /// Counts one more connection, unless that passes a cap.
  bool open(const std::string& address, std::size_t max_of_address) {
    const std::lock_guard lock(mutex_);
    if (total_ >= max_total_) return false;
    auto& count = counts_[address];
    if (count >= max_of_address) return false;
    ++count;
    ++total_;
    return true;
  }
  /// The connection stays, but no longer counts against its address.
  void exempt(const std::string& address) {
    const std::lock_guard lock(mutex_);
    lower(address);
  }
  void close(const std::string& address, bool exempted) {
    const std::lock_guard lock(mutex_);
    --total_;
    if (!exempted) lower(address);
  }
  std::size_t total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  void lower(const std::string& address) {
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

  const std::size_t max_total_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace p2p::net
