#include "base/schema.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "../temporary_folder.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

constexpr const char* kFirst[] = {"CREATE TABLE words(word TEXT)"};
constexpr const char* kSecond[] = {"CREATE TABLE words(word TEXT)", "ALTER TABLE words ADD COLUMN language TEXT"};

Database open_database(const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Mode::create);
  REQUIRE_MESSAGE(database.has_value(), database.error().context);
  return std::move(*database);
}

std::int64_t count(Database& database, const char* sql) {
  auto query = database.prepare(sql);
  REQUIRE_MESSAGE(query.has_value(), query.error().context);
  REQUIRE(*query->step());
  return query->integer(0);
}

}  // namespace

TEST_CASE("a database is brought to the newest version, and what was in it stays; the old one is kept aside") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.db";
  auto database = open_database(path);
  REQUIRE(migrate(database, path, kFirst).has_value());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "a.db.v0"));
  REQUIRE(database.execute("INSERT INTO words VALUES('one')").has_value());
  REQUIRE(migrate(database, path, kSecond).has_value());
  CHECK(count(database, "SELECT count(*) FROM words WHERE word = 'one' AND language IS NULL") == 1);

  const auto aside = folder.path() / "a.db.v1";
  struct stat status {};
  REQUIRE(::stat(aside.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto copy = open_database(aside);
  CHECK(count(copy, "SELECT count(*) FROM words") == 1);
  CHECK(count(copy, "PRAGMA user_version") == 1);
}

TEST_CASE("a step that fails leaves the version before, and a later version is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.db";
  auto database = open_database(path);
  REQUIRE(migrate(database, path, kFirst).has_value());
  constexpr const char* kWrong[] = {"", "CREATE TABLE more(a); NONSENSE"};
  CHECK_FALSE(migrate(database, path, kWrong).has_value());
  CHECK(count(database, "PRAGMA user_version") == 1);
  CHECK(count(database, "SELECT count(*) FROM sqlite_master") == 1);
  REQUIRE(migrate(database, path, kSecond).has_value());
  CHECK(migrate(database, path, kFirst).error().kind() == Errc::unsupported);
}
