#include "services/orphan_guard.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>
#include <memory>

#include "base/bytes.hpp"
#include "base/system_random.hpp"

namespace p2p::services {
namespace {

constexpr std::size_t kMarkBytes = 16;
constexpr std::size_t kGuardReadBytes = 64 << 10;
/// What does not die meanwhile (10 s) hangs in the kernel.
constexpr int kMaxPasses = 5'000;
constexpr timespec kBetweenPasses{0, 2'000'000};

/// Whether the process was started with the mark. One of another user cannot be read, and is not ours.
bool has_mark(int proc, pid_t pid, std::string_view mark) {
  const Descriptor file(::openat(proc, fmt::format("{}/environ", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  std::string seen;
  std::array<char, kGuardReadBytes> chunk;
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    seen.append(chunk.data(), static_cast<std::size_t>(got));
    if (seen.find(mark) != std::string::npos) return true;
    if (seen.size() > mark.size()) seen.erase(0, seen.size() - mark.size());
  }
}

/// Kills every marked process there is; how many those were.
int kill_marked(std::string_view mark) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
  if (!processes) return 0;
  int killed = 0;
  while (const dirent* entry = ::readdir(processes.get())) {
    const char* name = entry->d_name;
    pid_t pid = 0;
    if (std::from_chars(name, name + std::strlen(name), pid).ec != std::errc{}) continue;
    // Held before it is looked at, so that its number cannot become another's in between.
    const Descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!held || !has_mark(::dirfd(processes.get()), pid, mark)) continue;
    ::syscall(SYS_pidfd_send_signal, held.get(), SIGKILL, nullptr, 0);
    ++killed;
  }
  return killed;
}

/// A pass may miss what is being forked while it looks, so only one that finds nothing is the last.
void kill_all_marked(std::string_view mark) {
  for (int pass = 0; pass < kMaxPasses && kill_marked(mark) > 0; ++pass) ::nanosleep(&kBetweenPasses, nullptr);
}

/// Sweeps for each id that comes, until the other end is closed; false when that cannot be told.
bool sweep_until_end(int lifeline) {
  std::array<char, kInstanceIdBytes> id;
  std::size_t have = 0;
  for (;;) {
    const ssize_t got = ::read(lifeline, id.data() + have, id.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    have += static_cast<std::size_t>(got);
    if (have < id.size()) continue;
    kill_all_marked(OrphanGuard::instance_mark({id.data(), id.size()}));
    have = 0;
  }
}

[[noreturn]] void stand_guard(int lifeline, std::string_view mark) {
  ::setsid();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "p2p-guard");
  // Nobody's pipe, terminal, folder or lock may wait for this process. The lifeline may be one of the standard ones.
  const int kept = ::dup2(lifeline, 3);
  ::close_range(4, ~0U, 0);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) ::dup2(null, standard);
  [[maybe_unused]] const int moved = ::chdir("/");
  if (sweep_until_end(kept)) kill_all_marked(mark);
  ::_exit(0);
}

}  // namespace

Result<OrphanGuard> OrphanGuard::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, "pipe");
  const Descriptor theirs(ends[0]);
  Descriptor ours(ends[1]);
  std::string mark = "P2P_RUN_ID=" + to_hex(random_bytes(kMarkBytes));
  // A guard that is busy must not hold up the node: what it misses then is killed when the node ends.
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "fork");
  if (pid == 0) stand_guard(theirs.get(), mark);
  return OrphanGuard(std::move(mark), std::move(ours), pid);
}

std::string OrphanGuard::instance_mark(std::string_view id) { return fmt::format("P2P_INSTANCE_ID={}", id); }

void OrphanGuard::sweep(std::string_view id) const {
  // So few bytes go into a pipe whole or not at all.
  if (id.size() != kInstanceIdBytes) return;
  [[maybe_unused]] const ssize_t put = ::write(lifeline_.get(), id.data(), id.size());
}

OrphanGuard::~OrphanGuard() {
  if (pid_ < 0) return;
  lifeline_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace p2p::services
