#include "services/orphan_guard.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "fixture.hpp"
#include "services/process.hpp"

namespace p2p::services {
namespace {

namespace fs = std::filesystem;

// What a service might start: a child, one in a session of its own, one whose parent is gone; and one that is not its.
constexpr char kProgram[] = R"sh(
sleep 1000 & echo $! > child
setsid sh -c 'echo $$ > session; exec sleep 1000' &
(sh -c 'echo $$ > orphan; exec sleep 1000' &)
P2P_RUN_ID=other setsid sh -c 'echo $$ > other; exec sleep 1000' &
until [ -s session ] && [ -s orphan ] && [ -s other ]; do :; done
echo $$ > self.tmp; mv self.tmp self
exec sleep 1000
)sh";

/// The part of the node: starts a guard and a marked program, and lives until it is killed.
[[noreturn]] void live(const fs::path& folder) {
  ::signal(SIGTERM, SIG_DFL);  // doctest has a handler
  const auto guard = OrphanGuard::start();
  if (!guard) ::_exit(1);
  if (::fork() == 0) {
    const std::string mark = guard->mark();
    const char* const environment[] = {"PATH=/usr/bin:/bin", mark.c_str(), nullptr};
    if (::chdir(folder.c_str()) != 0) ::_exit(1);
    ::execle("/bin/sh", "sh", "-c", kProgram, nullptr, environment);
    ::_exit(1);
  }
  for (;;) ::pause();
}

struct Family {
  test::TemporaryFolder folder;
  pid_t node = -1;

  Family() {
    node = ::fork();
    if (node == 0) live(folder.path());
    REQUIRE(test::becomes_true([&] { return fs::exists(folder.path() / "self"); }));
  }
  ~Family() {
    for (const char* name : {"child", "session", "orphan", "other", "self"}) ::kill(pid(name), SIGKILL);
  }
  pid_t pid(const char* name) const {
    std::ifstream file(folder.path() / name);
    pid_t out = 0;
    file >> out;
    REQUIRE(out > 1);
    return out;
  }
  void end_node(int signal) const {
    ::kill(node, signal);
    REQUIRE(::waitpid(node, nullptr, 0) == node);
  }
};

TEST_CASE("what services left running is killed when the node dies, wherever it went, and nothing else is") {
  const Family family;
  for (const char* name : {"child", "session", "orphan", "other", "self"}) CHECK(test::alive(family.pid(name)));
  SUBCASE("by SIGKILL") { family.end_node(SIGKILL); }
  SUBCASE("by SIGTERM") { family.end_node(SIGTERM); }
  for (const char* name : {"child", "session", "orphan", "self"}) {
    CAPTURE(name);
    CHECK(test::becomes_true([&] { return !test::alive(family.pid(name)); }));
  }
  CHECK(test::alive(family.pid("other")));
}

TEST_CASE("a guard keeps nothing of the node's open, and ends with its owner") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  {
    const auto guard = OrphanGuard::start();
    REQUIRE(guard.has_value());
    ::close(ends[1]);
    char byte = 0;
    CHECK(::read(ends[0], &byte, 1) == 0);  // would wait for a guard that holds the other end
  }
  ::close(ends[0]);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("what one program left behind is killed while the others of the node go on") {
  const std::string gone(kInstanceIdBytes, 'a'), stays(kInstanceIdBytes, 'b');
  const test::TemporaryFolder folder;
  const fs::path program = folder.write("run.sh",
                                        "#!/bin/sh\n"
                                        "setsid sh -c 'echo $$ > $0; exec sleep 1000' $1 &\n"
                                        "until [ -s $1 ]; do :; done\n",
                                        0755);
  const auto guard = OrphanGuard::start().value();
  const auto leave_child = [&](const std::string& id) {
    Command command{program, {"run.sh", id}, {"PATH=/usr/bin:/bin", OrphanGuard::instance_mark(id)}, folder.path()};
    auto process = Process::start(command, "").value();
    REQUIRE(test::becomes_true([&] { return process.has_exited(); }));
    long pid = 0;
    std::ifstream(folder.path() / id) >> pid;
    return pid;
  };
  const long first = leave_child(gone), second = leave_child(stays);
  REQUIRE(test::becomes_true([&] { return test::alive(first) && test::alive(second); }));
  guard.sweep("too short");
  guard.sweep(gone);
  CHECK(test::becomes_true([&] { return !test::alive(first); }));
  CHECK(test::alive(second));
  guard.sweep(stays);
  CHECK(test::becomes_true([&] { return !test::alive(second); }));
}

}  // namespace
}  // namespace p2p::services
