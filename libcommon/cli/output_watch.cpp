#include "cli/output_watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

namespace p2p::cli {

int watch_output() {
  const int watch = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event errors_only{};
  if (watch >= 0 && ::epoll_ctl(watch, EPOLL_CTL_ADD, STDOUT_FILENO, &errors_only) == 0) return watch;
  if (watch >= 0) ::close(watch);
  return -1;
}

}  // namespace p2p::cli
