#include "services/wanted_state.hpp"

#include <doctest/doctest.h>

namespace p2p::services {
namespace {

TEST_CASE("what was stopped is read back") {
  const StoppedServices stopped = {"disk", "logfile"};
  CHECK(format_wanted_state(stopped) == "{\"stopped\":[\"disk\",\"logfile\"],\"version\":1}\n");
  CHECK(parse_wanted_state(format_wanted_state(stopped)).value() == stopped);
  CHECK(parse_wanted_state(format_wanted_state({})).value().empty());
}

TEST_CASE("a damaged state is said to be damaged") {
  for (const char* text : {"", "{", "[]", "{\"version\":1}", "{\"version\":2,\"stopped\":[]}",
                           "{\"version\":1,\"stopped\":[7]}", "{\"version\":1,\"stopped\":\"disk\"}"}) {
    CAPTURE(text);
    CHECK(parse_wanted_state(text).error().kind() == Errc::damaged);
  }
}

}  // namespace
}  // namespace p2p::services
