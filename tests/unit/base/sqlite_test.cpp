#include "base/sqlite.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "temporary_folder.hpp"

using namespace p2p;

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
