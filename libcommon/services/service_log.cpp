#include "services/service_log.hpp"

#include "base/text.hpp"
#include "services/line_splitter.hpp"

namespace p2p::services {

void ServiceLog::write(std::string_view line, Monotonic now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    if (dropped_count_ > 0) log_.warning("{} lines were dropped: it prints too much", dropped_count_);
    second_ = now;
    bytes_ = dropped_count_ = 0;
  }
  line = line.substr(0, kMaxLineBytes);
  if (bytes_ + line.size() > kMaxLoggedBytesPerSecond) {
    ++dropped_count_;
    return;
  }
  bytes_ += line.size() + 1;
  log_.info("{}", escape_controls(line));
}

}  // namespace p2p::services
