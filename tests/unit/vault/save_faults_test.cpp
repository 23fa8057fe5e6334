#include <cerrno>
#include <filesystem>

#include "faulty_disk.hpp"
#include "vault_home.hpp"

using namespace p2p;

namespace {

/// Three chunks, so that there are several writes.
const std::string kLargeText(600'000, 'x');

std::vector<std::string> calls_of_a_save(test::VaultHome& home) {
  test::FaultyDisk disk;
  test::take(home.put(vault::VaultFile(home.path, disk), "entry", kLargeText));
  return disk.calls;
}

std::size_t temporaries_in(const std::filesystem::path& folder) {
  std::size_t out = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".tmp") ++out;
  }
  return out;
}

}  // namespace

TEST_CASE("a save is on the disk before it has the vault's name, and the name before it is told") {
  test::VaultHome home;
  auto calls = calls_of_a_save(home);
  std::erase(calls, "write");
  CHECK(calls == std::vector<std::string>{"create", "sync", "close", "rename", "sync_folder"});
}

TEST_CASE("a kill at any system call of a save leaves the old or the new vault") {
  test::VaultHome home;
  test::take(home.put("other", "as it was"));
  const std::size_t count = calls_of_a_save(home).size();
  REQUIRE(count >= 8);
  std::string before = kLargeText;
  for (std::size_t at = 0; at < count; ++at) {
    CAPTURE(at);
    test::FaultyDisk disk;
    disk.kill_at = at;
    const std::string after = std::to_string(at) + kLargeText;
    CHECK_THROWS_AS((void)home.put(vault::VaultFile(home.path, disk), "entry", after), test::Killed);
    const bool is_renamed = at == count - 1;
    CHECK(home.get("entry") == (is_renamed ? after : before));
    CHECK(home.get("other") == "as it was");
  }
  test::take(home.put("entry", "after all that"));
  CHECK(home.get("entry") == "after all that");
}

TEST_CASE("a kill at any system call of init leaves no vault or a whole one") {
  const TemporaryFolder folder;
  const crypto::Secret password(std::string_view("a password of tests"));
  bool is_there = false;
  for (std::size_t at = 0; !is_there; ++at) {
    REQUIRE(at < 20);
    test::FaultyDisk disk;
    disk.kill_at = at;
    const vault::VaultFile file(folder.path() / "vault", disk);
    CHECK_THROWS_AS((void)file.create({}, password, vault::kMinIterations), test::Killed);
    is_there = file.exists();
    if (is_there) CHECK(file.open(vault::unlock_with(password)).has_value());
  }
}

TEST_CASE("a full disk or a failing one at any system call is told, and leaves no temporary file") {
  test::VaultHome home;
  test::take(home.put("old", "as it was"));
  const std::size_t count = calls_of_a_save(home).size();
  for (std::size_t at = 0; at < count; ++at) {
    CAPTURE(at);
    test::FaultyDisk disk;
    disk.fail_at = at;
    disk.failure = ENOSPC;
    const auto put = home.put(vault::VaultFile(home.path, disk), "new", kLargeText);
    REQUIRE(!put.has_value());
    CHECK(put.error().kind() == Errc::limited);
    CHECK(put.error().context.starts_with(home.path.string()));
    CHECK(temporaries_in(home.folder.path()) == 0);
    CHECK(home.get("old") == "as it was");
  }
}

TEST_CASE("a write that a signal interrupted is made again") {
  test::VaultHome home;
  test::FaultyDisk disk;
  disk.fail_at = 2;
  disk.failure = EINTR;
  test::take(home.put(vault::VaultFile(home.path, disk), "entry", kLargeText));
  CHECK(disk.calls.size() == calls_of_a_save(home).size() + 1);
  CHECK(home.get("entry") == kLargeText);
}
