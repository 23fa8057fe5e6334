#include "local_zone.hpp"

#include <ctime>

namespace p2p::logs {

ZoneOffset local_zone() {
  return [](WallTime time) {
    const auto moment =
        static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
    std::tm local{};
    return std::chrono::seconds{::localtime_r(&moment, &local) == nullptr ? 0 : local.tm_gmtoff};
  };
}

}  // namespace p2p::logs
