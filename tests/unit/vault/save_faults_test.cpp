#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "faulty_disk.hpp"
#include "vault_home.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

/// Three chunks, so that some are written by the thread behind.
const std::string kLargeText(2'500'000, 'x');

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
  CHECK(calls == std::vector<std::string>{"create", "reserve", "start_sync", "start_sync", "sync", "close", "rename",
                                          "sync_folder"});
}

TEST_CASE("a large save has its room at first, and each chunk is on its way to the disk before the next is written") {
  test::VaultHome home;
  const auto calls = calls_of_a_save(home);
  CHECK(calls == std::vector<std::string>{"create", "reserve", "write", "write", "start_sync", "write", "start_sync",
                                          "write", "write", "sync", "close", "rename", "sync_folder"});
  test::FaultyDisk disk;
  test::take(home.put(vault::VaultFile(home.path, disk), "entry", "small"));
  CHECK(std::count(disk.calls.begin(), disk.calls.end(), "start_sync") == 0);
}

TEST_CASE("what a killed save left beside the vault is removed by the next, and nothing else is") {
  test::VaultHome home;
  const auto folder = home.folder.path();
  for (const std::size_t at : {1, 3, 7}) {
    test::FaultyDisk disk;
    disk.kill_at = at;
    CHECK_THROWS_AS((void)home.put(vault::VaultFile(home.path, disk), "entry", kLargeText), test::Killed);
  }
  CHECK(temporaries_in(folder) == 1);
  const char* const others[] = {".vault.0123456789abcdef.tm", ".vault2.0123456789abcdef.tmp", ".vault.notes.tmp",
                                "vault.0123456789abcdef.tmp", ".vault.0123456789abcdeX.tmp"};
  for (const char* name : others) test::take(write_file(folder / name, "mine", kSecretMode));
  test::take(home.put("entry", "after that"));
  for (const char* name : others) CHECK(std::filesystem::exists(folder / name));
  CHECK(temporaries_in(folder) == 4);
}

TEST_CASE("a new vault is made where a file system knows no rename without replacing, and where it knows no links") {
  const TemporaryFolder folder;
  const crypto::Secret password(std::string_view("a password of tests"));
  test::FaultyDisk known;
  test::take(vault::VaultFile(folder.path() / "a", known).create({}, password, vault::kMinIterations));
  // FAT: no link is asked for.
  CHECK(std::count(known.calls.begin(), known.calls.end(), "link") == 0);
  const auto renamed = std::find(known.calls.begin(), known.calls.end(), "rename_new");
  REQUIRE(renamed != known.calls.end());
  test::FaultyDisk disk;
  disk.fail_at = static_cast<std::size_t>(renamed - known.calls.begin());
  disk.failure = EINVAL;
  const vault::VaultFile file(folder.path() / "b", disk);
  test::take(file.create({}, password, vault::kMinIterations));
  CHECK(file.open(vault::unlock_with(password)).has_value());
  CHECK(temporaries_in(folder.path()) == 0);
  disk.fail_at = disk.calls.size() + disk.fail_at;
  CHECK(vault::VaultFile(folder.path() / "a", disk).create({}, password, vault::kMinIterations).error().kind() ==
        Errc::exists);
}

TEST_CASE("a kill at any system call of a save leaves the old or the new vault") {
  test::VaultHome home;
  test::take(home.put("other", "as it was"));
  const std::size_t count = calls_of_a_save(home).size();
  REQUIRE(count == 13);
  std::string before = kLargeText;
  // One more, as each removes what the one before left.
  for (std::size_t at = 0; at < count + 1; ++at) {
    CAPTURE(at);
    test::FaultyDisk disk;
    disk.kill_at = at;
    const std::string after = std::to_string(at) + kLargeText;
    CHECK_THROWS_AS((void)home.put(vault::VaultFile(home.path, disk), "entry", after), test::Killed);
    const bool is_renamed = disk.calls.back() == "sync_folder";
    CHECK(is_renamed == (at == count));
    const bool is_whole = home.get("entry") == (is_renamed ? after : before);
    CHECK(is_whole);
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
  for (const std::size_t at : {1, 2, 3}) {
    disk.calls.clear();
    disk.fail_at = at;
    disk.failure = EINTR;
    test::take(home.put(vault::VaultFile(home.path, disk), "entry", kLargeText));
    CHECK(disk.calls.size() == calls_of_a_save(home).size() + 1);
    CHECK(home.get("entry") == kLargeText);
  }
}
