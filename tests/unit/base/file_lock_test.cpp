#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "../temporary_folder.hpp"
#include "base/file.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

/// A child process that holds the lock and has said so.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& path) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const auto held = FileLock::try_acquire(path);
      (void)!::write(ready[1], held ? "y" : "n", 1);
      for (;;) ::pause();
    }
    char answer = 0;
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    held_ = answer == 'y';
  }
  ~Holder() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }
  bool held() const { return held_; }

 private:
  pid_t pid_ = -1;
  bool held_ = false;
};

}  // namespace

TEST_CASE("whether a lock is held is asked without making or changing anything") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "lock";
  CHECK_FALSE(*FileLock::is_held(path));
  CHECK_FALSE(file_exists(path));
  {
    const Holder holder(path);
    const auto content = *read_file(path, 64);
    CHECK(*FileLock::is_held(path));
    CHECK(*read_file(path, 64) == content);
  }
  CHECK_FALSE(*FileLock::is_held(path));
}

TEST_CASE("a lock held by another process is refused, with that process named") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "state/.lock";
  const Holder holder(path);
  REQUIRE(holder.held());
  const auto refused = FileLock::try_acquire(path);
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind() == Errc::exists);
  CHECK(refused.error().context == path.string() + ": locked by process " + std::to_string(holder.pid()));
}

TEST_CASE("a killed holder leaves no lock behind") {
  const TemporaryFolder folder;
  const auto path = folder.path() / ".lock";
  Holder holder(path);
  REQUIRE(holder.held());
  holder.kill();
  CHECK(FileLock::try_acquire(path).has_value());
}

TEST_CASE("acquire waits until the holder is gone") {
  const TemporaryFolder folder;
  const auto path = folder.path() / ".lock";
  Holder holder(path);
  REQUIRE(holder.held());
  int answer[2];
  REQUIRE(::pipe(answer) == 0);
  const pid_t waiter = ::fork();
  if (waiter == 0) {
    const auto held = FileLock::acquire(path);
    (void)!::write(answer[1], held ? "y" : "n", 1);
    ::_exit(0);
  }
  holder.kill();
  char byte = 0;
  REQUIRE(::read(answer[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  ::waitpid(waiter, nullptr, 0);
  ::close(answer[0]);
  ::close(answer[1]);
}

TEST_CASE("the lock follows a move and ends with its last owner") {
  const TemporaryFolder folder;
  const auto path = folder.path() / ".lock";
  {
    FileLock first = FileLock::try_acquire(path).value();
    const FileLock second = std::move(first);
    CHECK(FileLock::try_acquire(path).has_error());
  }
  CHECK(FileLock::try_acquire(path).has_value());
}

TEST_CASE("a lock file that is a symbolic link is refused, and what it leads to stays as it is") {
  const TemporaryFolder folder;
  const auto target = folder.path() / "precious";
  REQUIRE(write_file(target, "content", kSecretMode).has_value());
  std::filesystem::create_symlink(target, folder.path() / "lock");
  CHECK_FALSE(FileLock::try_acquire(folder.path() / "lock").has_value());
  CHECK(read_file(target, 100).value() == "content");
}
