#include "cli/input.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace p2p;

TEST_CASE("standard input is read whole, up to its limit") {
  std::istringstream four("four"), five("12345"), none("");
  CHECK(cli::read_whole(four, 4).value() == "four");
  CHECK(cli::read_whole(none, 4).value().empty());
  CHECK(cli::read_whole(five, 4).error().kind() == Errc::too_large);
}

TEST_CASE("what cannot be read is not what is empty") {
  std::ifstream folder("/");  // opens, and every read fails
  const auto read = cli::read_whole(folder, 4);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind() == Errc::invalid);
  CHECK(read.error().context == "standard input is closed, or cannot be read");
}
