#include "base/code_pages.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

namespace {

/// Of files mapped into this process.
long resident_file_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stol(line.substr(8));
  }
  return -1;
}

}  // namespace

TEST_CASE("released code is no longer resident, and still runs") {
  const long before = resident_file_kib();
  p2p::release_code_pages();
  const long after = resident_file_kib();
  REQUIRE(before > 0);
  CHECK(after < before * 3 / 4);
  CHECK(std::to_string(after).size() > 1);
}
