// How many pages are open, so that there is room for everybody's.
#pragma once

#include <map>
#include <mutex>

#include "auth/session_table.hpp"

namespace p2p::node {

inline constexpr std::size_t kMaxOpenPages = 500;
inline constexpr std::size_t kMaxPagesOfSession = 125;

/// Any thread.
class OpenPages {
 public:
  /// One page, while it is open.
  class Place {
   public:
    Place(OpenPages& pages, const auth::SecretHash& session) : pages_(pages), session_(session) {
      const std::lock_guard lock(pages_.mutex_);
      has_room_ = ++pages_.count_ <= kMaxOpenPages;
      has_room_ = ++pages_.of_session_[session_] <= kMaxPagesOfSession && has_room_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      const std::lock_guard lock(pages_.mutex_);
      --pages_.count_;
      const auto at = pages_.of_session_.find(session_);
      if (--at->second == 0) pages_.of_session_.erase(at);
    }
    bool has_room() const noexcept { return has_room_; }

   private:
    OpenPages& pages_;
    const auth::SecretHash session_;
    bool has_room_ = false;
  };

 private:
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::map<auth::SecretHash, std::size_t> of_session_;
};

}  // namespace p2p::node
