#include "base/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "../temporary_folder.hpp"
#include "base/whole_file.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLimit = 1 << 20;

mode_t mode_of(const fs::path& path) {
  struct stat facts {};
  REQUIRE(::lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

std::size_t entries_of(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Sets the umask of this process for a while.
class Umask {
 public:
  explicit Umask(mode_t value) : before_(::umask(value)) {}
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("what is there is there, whatever it is") {
  const TemporaryFolder folder;
  CHECK(file_exists(folder.path()));
  CHECK_FALSE(file_exists(folder.path() / "nothing"));
  CHECK_FALSE(file_exists({}));
  fs::create_symlink("nowhere", folder.path() / "link");
  CHECK(file_exists(folder.path() / "link"));
}

TEST_CASE("a pipe is not replaced by a file") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(write_file(path, "text", kPublicMode).error().context == path.string() + " is not a file, and is not replaced");
  CHECK(fs::is_fifo(path));
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("a file is replaced whole and nothing is left beside it") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "state.json";
  REQUIRE(write_file(path, "old", kPublicMode).has_value());
  REQUIRE(write_file(path, "the new one", kPublicMode).has_value());
  CHECK(read_file(path, kLimit).value() == "the new one");
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("a large file that is not finished is not in its folder, and a kill leaves nothing there") {
  TemporaryFolder folder;
  const fs::path path = folder.path() / "export";
  const int probe = system_disk().create_unnamed(folder.path(), kSecretMode);
  if (probe < 0) return;  // a file system that cannot
  system_disk().close(probe);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    WholeFile file(path, system_disk());
    if (file.begin_unnamed(kSecretMode) && file.write(as_bytes("half of it"))) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(entries_of(folder.path()) == 0);

  const auto write = [&](std::string_view content, Result<void> (WholeFile::*publish)()) {
    const Umask open(0);
    WholeFile file(path, system_disk());
    REQUIRE(file.begin_unnamed(kSecretMode).has_value());
    REQUIRE(file.write(as_bytes(content)).has_value());
    return (file.*publish)();
  };
  REQUIRE(write("first", &WholeFile::create).has_value());
  CHECK(mode_of(path) == 0600);
  const auto refused = write("second", &WholeFile::create);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == Errc::exists);
  CHECK(read_file(path, kLimit).value() == "first");
  REQUIRE(write("third", &WholeFile::replace).has_value());
  CHECK(read_file(path, kLimit).value() == "third");
  CHECK(mode_of(path) == 0600);
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("where a file cannot be without a name, it has a temporary one, which goes with who gave it") {
  // Has nothing but what a file system must have.
  class Plain final : public Disk {
   public:
    int create(const fs::path& path, mode_t mode) override { return disk.create(path, mode); }
    int give_to(int file, uid_t user, gid_t group) override { return disk.give_to(file, user, group); }
    int reserve(int file, std::uint64_t bytes) override { return disk.reserve(file, bytes); }
    ssize_t write(int file, ByteView bytes) override { return disk.write(file, bytes); }
    int start_sync(int file) override { return disk.start_sync(file); }
    int sync(int file) override { return disk.sync(file); }
    int close(int file) override { return disk.close(file); }
    int rename(const fs::path& from, const fs::path& to) override { return disk.rename(from, to); }
    int rename_new(const fs::path& from, const fs::path& to) override { return disk.rename_new(from, to); }
    int link(const fs::path& from, const fs::path& to) override { return disk.link(from, to); }
    int unlink(const fs::path& path) override { return disk.unlink(path); }
    int sync_folder(const fs::path& folder) override { return disk.sync_folder(folder); }

   private:
    Disk& disk = system_disk();
  } plain;
  TemporaryFolder folder;
  const fs::path path = folder.path() / "export";
  {
    WholeFile file(path, plain);
    REQUIRE(file.begin_unnamed(kSecretMode).has_value());
    CHECK(entries_of(folder.path()) == 1);
  }
  CHECK(entries_of(folder.path()) == 0);
  WholeFile file(path, plain);
  REQUIRE(file.begin_unnamed(kSecretMode).has_value());
  REQUIRE(file.write(as_bytes("content")).has_value());
  REQUIRE(file.create().has_value());
  CHECK(read_file(path, kLimit).value() == "content");
}

TEST_CASE("the final mode does not depend on the umask") {
  const TemporaryFolder folder;
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0277}}) {
    const Umask umask(mask);
    REQUIRE(write_file(folder.path() / "secret", "s", kSecretMode).has_value());
    REQUIRE(write_file(folder.path() / "public", "p", kPublicMode).has_value());
    CHECK(mode_of(folder.path() / "secret") == kSecretMode);
    CHECK(mode_of(folder.path() / "public") == kPublicMode);
  }
}

TEST_CASE("a replaced secret has its new mode even where the old one was open") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key.pem";
  REQUIRE(write_file(path, "k", kPublicMode).has_value());
  REQUIRE(write_file(path, "k", kSecretMode).has_value());
  CHECK(mode_of(path) == kSecretMode);
}

TEST_CASE("missing folders are made for their owner alone") {
  const TemporaryFolder folder;
  REQUIRE(write_file(folder.path() / "a/b/c.txt", "x", kPublicMode).has_value());
  CHECK(mode_of(folder.path() / "a") == kFolderMode);
  CHECK(mode_of(folder.path() / "a/b") == kFolderMode);
  CHECK(make_folder(folder.path() / "a/b/").has_value());
  const auto refused = make_folder(folder.path() / "a/b/c.txt");
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind() == Errc::invalid);
}

TEST_CASE("reading has a limit and takes regular files only") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "five";
  REQUIRE(write_file(path, "12345", kPublicMode).has_value());
  CHECK(read_file(path, 5).value() == "12345");
  CHECK(read_file(path, 4).error().kind() == Errc::too_large);
  CHECK(read_file(folder.path() / "absent", 5).error().kind() == Errc::not_found);
  CHECK(read_file(folder.path(), 5).error().kind() == Errc::invalid);
  // A pipe that nobody writes to would block for ever.
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(read_file(pipe, 5).error().kind() == Errc::invalid);
  CHECK(read_file("/dev/zero", 5).error().kind() == Errc::invalid);
}

TEST_CASE("a secret that others can read or write is refused, with the way out") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key.pem";
  for (const mode_t open : {mode_t{0640}, mode_t{0604}, mode_t{0620}, mode_t{0644}}) {
    REQUIRE(write_file(path, "k", open).has_value());
    const auto read = read_secret_file(path, kLimit);
    REQUIRE(read.has_error());
    CHECK(read.error().kind() == Errc::not_permitted);
    CHECK(read.error().context.find("chmod 600 " + path.string()) != std::string::npos);
  }
  REQUIRE(write_file(path, "k", kSecretMode).has_value());
  CHECK(read_secret_file(path, kLimit).value() == "k");
}

TEST_CASE("create_file never replaces, and leaves nothing beside when it refuses") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "ca_key.pem";
  REQUIRE(create_file(path, "first", kSecretMode).has_value());
  const auto second = create_file(path, "second", kSecretMode);
  REQUIRE(second.has_error());
  CHECK(second.error().kind() == Errc::exists);
  CHECK(read_file(path, kLimit).value() == "first");
  CHECK(mode_of(path) == kSecretMode);
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("several files appear whole; where one cannot have its name, those before it have theirs") {
  TemporaryFolder folder;
  const auto one = folder.path() / "a" / "one", two = folder.path() / "a" / "two";
  const NewFile both[] = {{one, "1", 0600}, {two, "2", 0644}};
  REQUIRE(create_files(both).has_value());
  CHECK(*read_file(one, kLimit) == "1");
  CHECK(*read_file(two, kLimit) == "2");
  CHECK(mode_of(one) == 0600);
  CHECK(mode_of(two) == 0644);
  CHECK(entries_of(one.parent_path()) == 2);

  fs::remove(one);
  const NewFile others[] = {{one, "3", 0600}, {two, "4", 0644}};
  CHECK(create_files(others).error().kind() == Errc::exists);
  CHECK(*read_file(one, kLimit) == "3");
  CHECK(*read_file(two, kLimit) == "2");
  CHECK(entries_of(one.parent_path()) == 2);
  REQUIRE(write_files(others).has_value());
  CHECK(*read_file(two, kLimit) == "4");
}

TEST_CASE("of many that create one file at once exactly one does, and its content is whole") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "raced";
  constexpr int kThreads = 8;
  std::atomic<int> winners{0};
  std::atomic<int> winner{-1};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (create_file(path, std::string(100'000, static_cast<char>('a' + i)), kSecretMode)) {
        ++winners;
        winner = i;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(winners == 1);
  CHECK(read_file(path, kLimit).value() == std::string(100'000, static_cast<char>('a' + winner)));
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("a reader beside a writer sees the old content or the new one, never a mixture") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "state";
  const std::string contents[] = {std::string(200'000, 'a'), std::string(300'000, 'b')};
  REQUIRE(write_file(path, contents[0], kPublicMode).has_value());
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) (void)write_file(path, contents[i % 2], kPublicMode);
    done = true;
  });
  int torn = 0;
  while (!done) {
    const auto seen = read_file(path, kLimit);
    if (!seen || (*seen != contents[0] && *seen != contents[1])) ++torn;
  }
  writer.join();
  CHECK(torn == 0);
}

TEST_CASE("a kill in the middle of writing leaves whole content under the name") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "state";
  const std::string contents[] = {std::string(1'000'000, 'a'), std::string(900'000, 'b')};
  REQUIRE(write_file(path, contents[0], kPublicMode).has_value());
  for (int round = 0; round < 20; ++round) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = 0;; ++i) {
        (void)write_file(path, contents[i % 2], kPublicMode);
        if (i == round % 3 && ::write(ready[1], "x", 1) != 1) ::_exit(1);
      }
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    const std::string seen = read_file(path, kLimit).value();
    CHECK((seen == contents[0] || seen == contents[1]));
  }
}

TEST_CASE("a folder that cannot be written gives an error with the file's name") {
  const auto refused = write_file("/proc/p2p/none", "x", kPublicMode);
  REQUIRE(refused.has_error());
  CHECK(refused.error().context.find("/proc/p2p") != std::string::npos);
}
