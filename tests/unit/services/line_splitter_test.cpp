#include "services/line_splitter.hpp"

#include <doctest/doctest.h>

namespace p2p::services {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("lines come whole, however their bytes arrive") {
  LineSplitter splitter;
  CHECK(splitter.feed("on").empty());
  CHECK(splitter.feed("e\ntwo\r\n\nthr") == Lines{"one", "two"});
  CHECK(splitter.feed("ee") == Lines{});
  CHECK(splitter.finish() == "three");
  CHECK(splitter.finish().empty());
}

TEST_CASE("a line without end is cut at 64 KiB and the next one is whole again") {
  LineSplitter splitter;
  for (int i = 0; i < 1000; ++i) CHECK(splitter.feed(std::string(1000, 'x')).empty());
  const Lines lines = splitter.feed("tail\nnext\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == std::string(64 * 1024, 'x'));
  CHECK(lines[1] == "next");
}

}  // namespace
}  // namespace p2p::services
