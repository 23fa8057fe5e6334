#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>

#include "cli/failure.hpp"

namespace p2p::ctl {
namespace {

void (*restore_first)() = nullptr;

void end(int) {
  if (restore_first != nullptr) restore_first();
  ::_exit(cli::kInterrupted);
}

}  // namespace

void end_when_interrupted(void (*restore)()) {
  restore_first = restore;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, end);
}

void end_within(std::chrono::seconds patience) {
  std::signal(SIGALRM, end);
  ::alarm(static_cast<unsigned>(patience.count()));
}

}  // namespace p2p::ctl
