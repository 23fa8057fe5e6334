#include "logs/sources/file_follower.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/json.hpp"
#include "log_testing.hpp"
#include "logs/sources/followed_file.hpp"
#include "source_testing.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace fs = std::filesystem;

namespace {

/// The monotonic clock runs, and can be put forward.
class ForwardClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now() + ahead_.load(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  void advance(std::chrono::seconds by) { ahead_ = ahead_.load() + by; }

 private:
  std::atomic<std::chrono::seconds> ahead_{std::chrono::seconds{0}};
};

struct FollowFixture {
  FollowFixture() { fs::create_directory(folder.path() / "logs"); }
  ~FollowFixture() { stop(); }

  void start(const std::string& pattern = "*.log", const std::string& rule = "") {
    FollowOptions options;
    options.patterns = {path(pattern)};
    options.state_file = folder.path() / "log_files.json";
    if (!rule.empty()) options.multiline.push_back(parse_multiline_rule("* " + rule).value());
    follower = std::make_unique<FileFollower>(std::move(options), sink, clock, log);
    follower->start();
  }
  /// What is written after this first start is read.
  void start_and_wait(const std::string& pattern = "*.log", const std::string& rule = "") {
    start(pattern, rule);
    REQUIRE(eventually([&] { return log.has("INFO Files: following "); }));
  }
  void stop() { follower.reset(); }

  std::string path(const std::string& name) const { return (folder.path() / "logs" / name).string(); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
  }
  void rename(const std::string& from, const std::string& to) const { fs::rename(path(from), path(to)); }

  TemporaryFolder folder;
  KeepingSink sink;
  ForwardClock clock;
  CapturingSink log;
  std::unique_ptr<FileFollower> follower;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what is there at the very first start is left out, and what is written then is read") {
  FollowFixture fixture;
  fixture.write("a.log", "old\n");
  fixture.start_and_wait();
  fixture.write("a.log", "ERROR new\n");
  const auto records = fixture.sink.wait_for(1);
  CHECK(records[0].message == "ERROR new");
  CHECK(records[0].logger_name == "File.a.log");
  CHECK(records[0].level == LogLevel::error);
  CHECK(Json::parse(records[0].attrs) == Json{{"path", fixture.path("a.log")}});
}

TEST_CASE("a file that appears later is read from its start, and one that is away is no trouble") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.write("b.log", "one\ntwo\n");
  CHECK(fixture.sink.messages(2) == Texts{"one", "two"});
  fs::remove(fixture.path("b.log"));
  fixture.write("b.log", "three\n");
  CHECK(fixture.sink.messages(3).back() == "three");
}

TEST_CASE("after a restart it goes on where its records end") {
  FollowFixture fixture;
  fixture.write("a.log", "old\n");
  fixture.start_and_wait();
  fixture.write("a.log", "one\nhal");
  fixture.sink.wait_for(1);
  fixture.stop();
  fixture.write("a.log", "f\ntwo\n");
  fixture.write("c.log", "new meanwhile\n");
  fixture.start();
  auto messages = fixture.sink.messages(4);
  std::sort(messages.begin(), messages.end());
  CHECK(messages == Texts{"half", "new meanwhile", "one", "two"});
}

TEST_CASE("a file that was only looked at goes on at its old end after a restart") {
  FollowFixture fixture;
  fixture.write("a.log", "old\n");
  fixture.start_and_wait();
  fixture.stop();
  fixture.write("a.log", "new\n");
  fixture.start();
  CHECK(fixture.sink.messages(1) == Texts{"new"});
}

TEST_CASE("a renamed file is read to its end before the one that takes its name") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.write("a.log", "1\n");
  fixture.sink.wait_for(1);
  std::ofstream old(fixture.path("a.log"), std::ios::app);
  fixture.rename("a.log", "a.log.1");
  old << "2\n3\n" << std::flush;
  fixture.write("a.log", "4\n");
  CHECK(fixture.sink.messages(4) == Texts{"1", "2", "3", "4"});
  old << "late\n" << std::flush;
  CHECK(fixture.sink.messages(5).back() == "late");
}

TEST_CASE("a file that is renamed as soon as it is made is read all the same") {
  FollowFixture fixture;
  fixture.start_and_wait();
  Texts expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back(std::to_string(i));
    fixture.write("a.log", expected.back() + "\n");
    fixture.rename("a.log", "a.log.1");
    fixture.rename("a.log.1", "a.log-" + expected.back());
  }
  CHECK(fixture.sink.messages(50) == expected);
}

TEST_CASE("what was rotated away while the node was down is read to its end") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.write("a.log", "1\n");
  fixture.sink.wait_for(1);
  fixture.stop();
  fixture.write("a.log", "2\n");
  fixture.rename("a.log", "a.log.1");
  fixture.write("a.log", "3\n");
  fixture.start();
  const auto records = fixture.sink.wait_for(3);
  CHECK(records[1].message == "2");
  CHECK(records[1].logger_name == "File.a.log");
  CHECK(records[2].message == "3");
}

TEST_CASE("what was made and rotated away while the node was down is read, and what was read long ago is not") {
  FollowFixture fixture;
  fixture.write("a.log.7", "read long ago\n");
  fs::last_write_time(fixture.path("a.log.7"), fs::file_time_type::clock::now() - std::chrono::hours(1));
  fixture.start_and_wait();
  fixture.write("a.log", "1\n");
  fixture.sink.wait_for(1);
  fixture.stop();
  fixture.write("a.log", "2\n");
  fs::last_write_time(fixture.path("a.log"), fs::file_time_type::clock::now() - std::chrono::minutes(2));
  fixture.rename("a.log", "a.log.2");
  fixture.write("a.log.1", "3\n");
  fs::last_write_time(fixture.path("a.log.1"), fs::file_time_type::clock::now() - std::chrono::minutes(1));
  fixture.write("a.log", "4\n");
  fixture.start();
  CHECK(fixture.sink.messages(4) == Texts{"1", "2", "3", "4"});
}

TEST_CASE("rotated files that the pattern matches are read before their log, the oldest first") {
  FollowFixture fixture;
  fixture.start_and_wait("x.log*");
  fixture.write("x.log", "begin\n");
  fixture.sink.wait_for(1);
  fixture.stop();
  // More than is read in one turn.
  constexpr int kLines = 3000;
  Texts expected{"begin"};
  const auto write_lines = [&](const std::string& name, std::chrono::hours ago) {
    std::string lines;
    for (int i = 0; i < kLines; ++i) {
      expected.push_back(std::to_string(expected.size()) + std::string(1000, 'x'));
      lines += expected.back() + "\n";
    }
    fixture.write(name, lines);
    fs::last_write_time(fixture.path(name), fs::file_time_type::clock::now() - ago);
  };
  fixture.rename("x.log", "x.log.2");
  write_lines("x.log.2", std::chrono::hours(2));
  write_lines("x.log.1", std::chrono::hours(1));
  write_lines("x.log", std::chrono::hours(0));
  fixture.start("x.log*");
  CHECK(fixture.sink.messages(expected.size()) == expected);
}

TEST_CASE("a truncated file begins again, with what its copy has besides") {
  for (const char* pattern : {"*.log", "*.log*"}) {
    FollowFixture fixture;
    fixture.start_and_wait(pattern);
    fixture.write("a.log", "1\n");
    fixture.sink.wait_for(1);
    fixture.sink.set_room(false);
    fixture.write("a.log", "2\n3\n");
    fs::copy_file(fixture.path("a.log"), fixture.path("a.log.1"));
    fs::resize_file(fixture.path("a.log"), 0);
    fixture.write("a.log", "4\n");
    fixture.sink.set_room(true);
    CHECK(fixture.sink.messages(4) == Texts{"1", "2", "3", "4"});
    // A restart repeats nothing of file or copy.
    fixture.stop();
    fixture.write("a.log", "5\n");
    fixture.start(pattern);
    CHECK(fixture.sink.messages(5) == Texts{"1", "2", "3", "4", "5"});
  }
}

TEST_CASE("what a truncated file holds by then is read with the same look at it") {
  FollowFixture fixture;
  fixture.write("a.log", "one\ntwo\n");
  auto opened = open_log_file(fixture.path("a.log"));
  REQUIRE(opened.has_value());
  const Monotonic now = fixture.clock.monotonic();
  FollowedFile file(std::move(*opened), 0, nullptr, now);
  CHECK(file.look(now) == FollowedFile::State::grown);
  CHECK_FALSE(file.read(fixture.sink));
  fs::resize_file(fixture.path("a.log"), 0);
  fixture.write("a.log", "new\n");
  CHECK(file.look(now) == FollowedFile::State::truncated);
  file.begin_again(fixture.sink, false, now);
  file.read(fixture.sink);
  CHECK(fixture.sink.size() == 3);
}

TEST_CASE("truncated and written past its old end while the node was down") {
  for (const char* pattern : {"*.log", "*.log*"}) {
    FollowFixture fixture;
    fixture.start_and_wait(pattern);
    fixture.write("a.log", "old 1\n");
    fixture.sink.wait_for(1);
    fixture.stop();
    fixture.write("a.log", "old 2\n");
    fs::copy_file(fixture.path("a.log"), fixture.path("a.log.1"));
    fs::resize_file(fixture.path("a.log"), 0);
    fixture.write("a.log", "new 1\nnew 2\nnew 3\n");
    fixture.start(pattern);
    CHECK(fixture.sink.messages(5) == Texts{"old 1", "old 2", "new 1", "new 2", "new 3"});
  }
}

TEST_CASE("a copy that the pattern matches is not read again, nor a compressed file") {
  FollowFixture fixture;
  fixture.start_and_wait("*.log*");
  fixture.write("a.log", "one\ntwo\n");
  fixture.sink.wait_for(2);
  fs::copy_file(fixture.path("a.log"), fixture.path("a.log.1"));
  fixture.write("a.log.2.gz", "\x1F\x8B binary\n");
  fixture.write("b.log", "end\n");
  CHECK(fixture.sink.messages(3) == Texts{"one", "two", "end"});
  fixture.stop();
  fixture.write("b.log", "end 2\n");
  fixture.start("*.log*");
  CHECK(fixture.sink.messages(4) == Texts{"one", "two", "end", "end 2"});
}

TEST_CASE("a last line waits for its end, for some time") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.write("a.log", "par");
  fixture.write("b.log", "x\n");
  CHECK(fixture.sink.messages(1) == Texts{"x"});
  fixture.write("a.log", "tial\nno end");
  CHECK(fixture.sink.messages(2).back() == "partial");
  fixture.clock.advance(kPartialPatience);
  CHECK(fixture.sink.messages(3).back() == "no end");
}

TEST_CASE("lines of an event are joined, and the last event does not wait for another") {
  FollowFixture fixture;
  fixture.start_and_wait("*.log", "^\\d");
  fixture.write("a.log", "1 error\n  at x\n");
  fixture.write("a.log", "  at y\n2 fine\n");
  CHECK(fixture.sink.messages(1) == Texts{"1 error\n  at x\n  at y"});
  fixture.clock.advance(kEventPatience);
  CHECK(fixture.sink.messages(2).back() == "2 fine");
}

TEST_CASE("a line of 10 MiB is cut, and says so") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.write("a.log", std::string(10 << 20, 'x') + "\nnext\n");
  const auto records = fixture.sink.wait_for(2);
  CHECK(records[0].message == std::string(kMaxMessageBytes, 'x'));
  CHECK(Json::parse(records[0].attrs)["message_cut_from_bytes"] == 10 << 20);
  CHECK(records[1].message == "next");
}

TEST_CASE("without room nothing is read, and nothing is lost") {
  FollowFixture fixture;
  fixture.start_and_wait();
  fixture.sink.set_room(false);
  fixture.write("a.log", "one\n");
  // It has looked several times by then.
  for (int i = 0; i < 3; ++i) {
    const auto looks = fixture.sink.looks_for_room();
    REQUIRE(eventually([&] { return fixture.sink.looks_for_room() >= looks + 2; }));
    fixture.clock.advance(std::chrono::seconds(5));
  }
  CHECK(fixture.sink.size() == 0);
  fixture.sink.set_room(true);
  CHECK(fixture.sink.messages(1) == Texts{"one"});
}

TEST_CASE("folders, pipes and files that may not be read are no trouble") {
  FollowFixture fixture;
  fs::create_directory(fixture.path("folder.log"));
  REQUIRE(::mkfifo(fixture.path("pipe.log").c_str(), 0600) == 0);
  fs::create_symlink("loop.log", fixture.path("loop.log"));  // may not be opened, by root neither
  fixture.start_and_wait();
  CHECK(fixture.log.has("loop.log"));
  CHECK_FALSE(fixture.log.has("folder.log"));
  CHECK_FALSE(fixture.log.has("pipe.log"));
  fixture.write("a.log", "one\n");
  CHECK(fixture.sink.messages(1) == Texts{"one"});
}

TEST_CASE("too many files are said") {
  FollowFixture fixture;
  for (std::size_t i = 0; i <= kMaxFollowedFiles; ++i) fixture.write(std::to_string(1000 + i) + ".log", "x");
  fixture.start();
  CHECK(eventually([&] { return fixture.log.has("is not followed: 500 files are"); }));
}

TEST_CASE("rotation under load loses and repeats nothing, over restarts at any moment") {
  constexpr int kLines = 30'000, kPerRotation = 3'000;
  FollowFixture fixture;
  fixture.start_and_wait();
  std::thread writer([&] {
    std::ofstream file(fixture.path("x.log"), std::ios::app);
    for (int i = 0; i < kLines; ++i) {
      file << i << '\n';
      if (i % 100 == 0) file.flush();
      if (i % kPerRotation != kPerRotation - 1) continue;
      file.flush();
      // A file that nobody has met before it loses its name is nobody's.
      fixture.sink.wait_for(static_cast<std::size_t>(i / kPerRotation * (kPerRotation + 1)) + 1);
      for (int n = 20; n > 0; --n) {
        std::error_code ignored;
        fs::rename(fixture.path("x.log." + std::to_string(n)), fixture.path("x.log." + std::to_string(n + 1)), ignored);
      }
      fixture.rename("x.log", "x.log.1");
      file << i << " from the old one\n" << std::flush;
      file = std::ofstream(fixture.path("x.log"), std::ios::app);
    }
  });
  for (int i = 0; i < 20; ++i) {
    fixture.sink.wait_for(static_cast<std::size_t>(i) * 1000);
    fixture.stop();
    fixture.start();
  }
  writer.join();
  Texts expected;
  for (int i = 0; i < kLines; ++i) {
    expected.push_back(std::to_string(i));
    if (i % kPerRotation == kPerRotation - 1) expected.push_back(std::to_string(i) + " from the old one");
  }
  CHECK(fixture.sink.messages(expected.size()) == expected);
}
