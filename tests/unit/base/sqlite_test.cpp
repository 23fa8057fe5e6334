#include "base/sqlite.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "../temporary_folder.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

TEST_CASE("another connection of this process leaves the locks of the first in force") {
  // POSIX drops all locks of a process on a file when it closes any descriptor of that file.
  TemporaryFolder folder;
  const auto path = folder.path() / "some.db";
  auto first = Database::open(path, Database::Mode::create);
  REQUIRE(first.has_value());
  REQUIRE(first->execute("CREATE TABLE t(x)").has_value());
  auto transaction = Transaction::begin(*first);
  REQUIRE(transaction.has_value());
  const std::string other = "sqlite3 -cmd '.timeout 0' '" + path.string() + "' 'BEGIN IMMEDIATE' >/dev/null 2>&1";
  CHECK(std::system(other.c_str()) != 0);
  { CHECK(Database::open(path, Database::Mode::create).has_value()); }
  CHECK(std::system(other.c_str()) != 0);
  REQUIRE(transaction->commit().has_value());
  CHECK(std::system(other.c_str()) == 0);
}

TEST_CASE("a log that is kept stays when the last connection closes, within its bound, and is read by the next") {
  TemporaryFolder folder;
  const auto path = folder.path() / "some.db";
  const auto log = folder.path() / "some.db-wal";
  constexpr int kPages = 10;
  constexpr std::uintmax_t kPageBytes = 4096;
  const auto insert = [&](const std::string& row) {
    auto database = Database::open(path, Database::Mode::create);
    REQUIRE(database.has_value());
    REQUIRE(database->execute("PRAGMA journal_mode = WAL").has_value());
    REQUIRE(database->keep_log(kPages).has_value());
    REQUIRE(database->execute("CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES(" + row + ")").has_value());
  };
  insert("1");
  const auto size = std::filesystem::file_size(path);
  insert("2");
  CHECK(std::filesystem::exists(log));
  CHECK(std::filesystem::file_size(path) == size);
  for (int i = 3; i <= 100; ++i) insert(std::to_string(i));
  CHECK(std::filesystem::file_size(log) < 2 * kPages * kPageBytes);

  auto reader = Database::open(path, Database::Mode::read_only);
  REQUIRE(reader.has_value());
  auto sum = reader->prepare("SELECT sum(x) FROM t");
  REQUIRE(sum.has_value());
  REQUIRE(sum->step().has_value());
  CHECK(sum->integer(0) == 5050);
}
