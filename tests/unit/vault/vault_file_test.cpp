#include "vault/vault_file.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "vault_home.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  return bytes;
}

}  // namespace

TEST_CASE("entries are put, read, replaced, renamed and removed, and outlive the process") {
  test::VaultHome home;
  test::take(home.put("certs/a.pem", "one"));
  test::take(home.put("b", ""));
  test::take(home.put("certs/a.pem", "another"));
  CHECK(home.get("certs/a.pem") == "another");
  CHECK(home.get("b").empty());
  test::take(home.file.update(home.known(), [](vault::Contents& contents) -> Result<void> {
    if (auto done = contents.rename("certs/a.pem", "b"); !done) return done;
    CHECK(contents.remove("certs/a.pem").error().kind() == Errc::not_found);
    CHECK(contents.rename("gone", "b").error().context == "no entry \"gone\"");
    CHECK(contents.rename("b", "../b").error().kind() == Errc::invalid);
    return {};
  }));
  CHECK(home.get("b") == "another");
  CHECK(test::take(home.file.open(home.known())).contents.entries().size() == 1);
}

TEST_CASE("no entry is called as the folder of another, so that an export can write all of them") {
  test::VaultHome home;
  test::take(home.put("a", "one"));
  test::take(home.put("x/y", "two"));
  for (const char* name : {"a/b", "a/b/c", "x"}) CHECK(home.put(name, "no").error().kind() == Errc::invalid);
  for (const char* name : {"ab", "x/yz", "x/z", "a"}) test::take(home.put(name, "yes"));
  test::take(home.file.update(home.known(), [](vault::Contents& contents) -> Result<void> {
    CHECK(contents.rename("x/y", "a/b").error().kind() == Errc::invalid);
    CHECK(contents.rename("a", "x").error().kind() == Errc::invalid);
    CHECK(contents.find("x/y") != nullptr);
    return contents.rename("a", "a/b");
  }));
  CHECK(home.get("a/b") == "yes");
  CHECK(home.get("x/y") == "two");
}

TEST_CASE("each save has a new nonce, and the salt stays until the password changes") {
  test::VaultHome home;
  std::set<std::array<std::uint8_t, vault::kNonceBytes>> nonces;
  const auto salt = test::take(home.file.read_header()).salt;
  for (int i = 0; i < 10; ++i) {
    test::take(home.put("a", "b"));
    const auto header = test::take(home.file.read_header());
    nonces.insert(header.nonce);
    CHECK(header.salt == salt);
  }
  CHECK(nonces.size() == 10);
  test::take(home.file.rekey(home.known(), crypto::Secret(std::string_view("another")), vault::kMinIterations));
  CHECK(test::take(home.file.read_header()).salt != salt);
}

TEST_CASE("after a rekey only the new password opens, and an old copy still opens with the old one") {
  test::VaultHome home;
  test::take(home.put("a", "kept"));
  const std::string old = home.bytes();
  const crypto::Secret password(std::string_view("quite another"));
  test::take(home.file.rekey(vault::unlock_with(home.password), password, vault::kMinIterations));
  CHECK(home.file.open(vault::unlock_with(home.password)).error().code == vault::VaultErrc::wrong_password);
  CHECK(to_text(test::take(test::take(home.file.open(vault::unlock_with(password))).contents.read("a")).view()) ==
        "kept");
  home.overwrite(old);
  CHECK(home.file.open(vault::unlock_with(home.password)).has_value());
}

TEST_CASE("a wrong password is told from damage") {
  test::VaultHome home;
  for (const std::string_view wrong : {"", "a password of test", "a password of tests ", "A password of tests"}) {
    const crypto::Secret password(wrong);
    const auto opened = home.file.open(vault::unlock_with(password));
    REQUIRE(!opened.has_value());
    CHECK(opened.error().kind() == Errc::not_permitted);
    CHECK(opened.error().context == home.path.string() + ": wrong password");
  }
}

TEST_CASE("a flipped bit anywhere is damage, and the part is said") {
  test::VaultHome home;
  test::take(home.put("a", "content"));
  const auto unlock = home.known();
  const std::string bytes = home.bytes();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    home.overwrite(flipped(bytes, bit));
    const auto opened = home.file.open(unlock);
    REQUIRE(!opened.has_value());
    CHECK(opened.error().kind() == Errc::damaged);
    const char* part = bit < 8 * vault::kHeaderBytes ? ": damaged header: " : ": damaged content: ";
    CHECK(opened.error().context.starts_with(home.path.string() + part));
  }
}

TEST_CASE("a file that is cut off at any length, or has more, is damaged") {
  test::VaultHome home;
  test::take(home.put("a", "content"));
  const auto unlock = home.known();
  const std::string bytes = home.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    home.overwrite(bytes.substr(0, size));
    CHECK(home.file.open(unlock).error().kind() == Errc::damaged);
  }
  home.overwrite(bytes + "x");
  CHECK(home.file.open(unlock).error().kind() == Errc::damaged);
}

TEST_CASE("iterations out of bounds are refused before any work is done") {
  test::VaultHome home;
  vault::Header header;
  for (const std::uint32_t count : {1u, 4'000'000'000u}) {
    header.iterations = count;
    home.overwrite(as_text(vault::encode_header(header)));
    const auto opened = home.file.open([](const vault::Header&) -> Result<crypto::Secret> {
      FAIL("a key was asked for");
      return Error(Errc::failed, "");
    });
    CHECK(opened.error().kind() == Errc::damaged);
  }
}

TEST_CASE("a vault that others can read is refused with what to run") {
  test::VaultHome home;
  const auto unlock = home.known();
  REQUIRE(::chmod(home.path.c_str(), 0640) == 0);
  const auto opened = home.file.open(unlock);
  REQUIRE(!opened.has_value());
  CHECK(opened.error().kind() == Errc::not_permitted);
  CHECK(opened.error().context.ends_with("; run: chmod 600 " + home.path.string()));
}

TEST_CASE("a folder, a pipe and nothing are no vault") {
  const TemporaryFolder folder;
  const auto unlock = vault::unlock_with(crypto::Secret());
  CHECK(vault::VaultFile(folder.path()).open(unlock).error().kind() == Errc::invalid);
  CHECK(vault::VaultFile(folder.path() / "gone").open(unlock).error().kind() == Errc::not_found);
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(vault::VaultFile(folder.path() / "pipe").open(unlock).error().kind() == Errc::invalid);
}

TEST_CASE("a vault behind a symbolic link stays there") {
  test::VaultHome home;
  const fs::path link = home.folder.path() / "link";
  fs::create_symlink(home.path, link);
  test::take(home.put(vault::VaultFile(link), "a", "through the link"));
  CHECK(fs::is_symlink(link));
  CHECK(home.get("a") == "through the link");
}

TEST_CASE("of many who make the same vault one does, and its password opens it") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "vault";
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const crypto::Secret password("password " + std::to_string(i));
      const auto done = vault::VaultFile(path).create({}, password, vault::kMinIterations);
      if (done) {
        ++made;
        CHECK(vault::VaultFile(path).open(vault::unlock_with(password)).has_value());
      } else {
        CHECK(done.error().kind() == Errc::exists);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(made == 1);
}

TEST_CASE("processes that write at once lose nothing") {
  test::VaultHome home;
  (void)home.known();
  constexpr int kWriters = 8;
  constexpr int kPuts = 25;
  std::vector<pid_t> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = 0; i < kPuts; ++i) {
        if (!home.put(std::to_string(writer) + "/" + std::to_string(i), "x")) ::_exit(1);
      }
      ::_exit(0);
    }
    writers.push_back(child);
  }
  for (const pid_t writer : writers) {
    int status = 0;
    REQUIRE(::waitpid(writer, &status, 0) == writer);
    CHECK(status == 0);
  }
  CHECK(test::take(home.file.open(home.known())).contents.entries().size() == kWriters * kPuts);
}

TEST_CASE("a change that fails leaves the file as it is") {
  test::VaultHome home;
  const std::string before = home.bytes();
  const auto done = home.file.update(home.known(), [](vault::Contents& contents) -> Result<void> {
    test::take(contents.put("a", test::buffer_of("b"), test::kThen));
    return contents.remove("gone");
  });
  CHECK(done.error().context == "no entry \"gone\"");
  CHECK(home.bytes() == before);
}
