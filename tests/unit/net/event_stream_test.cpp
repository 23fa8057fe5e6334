// The examples of WHATWG HTML section 9.2.6 and its rules for lines, however the bytes are cut.
#include "net/event_stream.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace p2p;
using namespace p2p::net;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events read_in_pieces(std::string_view text, std::size_t size) {
  Events out;
  EventReader reader([&](std::string_view name, std::string data) { out.emplace_back(name, std::move(data)); });
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
    REQUIRE(reader.feed(text.substr(0, size)).has_value());
  }
  return out;
}

Events read(std::string_view text) {
  const Events whole = read_in_pieces(text, text.size());
  for (std::size_t size = 1; size < text.size(); ++size) CHECK(read_in_pieces(text, size) == whole);
  return whole;
}

}  // namespace

TEST_CASE("the standard's examples of event streams") {
  CHECK(read("data: YHOO\ndata: +2\ndata: 10\n\n") == Events{{"", "YHOO\n+2\n10"}});
  CHECK(read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n") ==
        Events{{"", "first event"}, {"", "second event"}, {"", " third event"}});
  // The last block has no blank line after it, and is dropped.
  CHECK(read("data\n\ndata\ndata\n\ndata:") == Events{{"", ""}, {"", "\n"}});
  CHECK(read("data:test\n\ndata: test\n\n") == Events{{"", "test"}, {"", "test"}});
  CHECK(read("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n") ==
        Events{{"add", "73857293"}, {"remove", "2153"}});
}

TEST_CASE("lines end with LF, CR or both, and a byte order mark is skipped") {
  CHECK(read("\xEF\xBB\xBF"
             "data: a\r\n\r\nevent: x\rdata: b\r\rdata: c\n\n") == Events{{"", "a"}, {"x", "b"}, {"", "c"}});
  CHECK(read("event: lost\n\ndata: d\n\n") == Events{{"", "d"}});
}

TEST_CASE("what is written is read again, and a comment is nothing") {
  std::string text;
  append_event(text, "progress", "{\"a\":\n1,\r\"b\":2}");
  text += kEventHeartbeat;
  append_event(text, "result", "\"x\\ny\"");
  CHECK(read(text) == Events{{"progress", "{\"a\": 1, \"b\":2}"}, {"result", "\"x\\ny\""}});
}

TEST_CASE("an event without end is refused") {
  EventReader reader([](std::string_view, std::string) {});
  const std::string piece(1 << 20, 'x');
  Result<void> fed;
  for (int i = 0; fed && i < 20; ++i) fed = reader.feed(piece);
  REQUIRE_FALSE(fed.has_value());
  CHECK(fed.error().kind() == Errc::too_large);
}

TEST_CASE("which types mean an event stream") {
  for (const char* type :
       {"text/event-stream", "Text/Event-Stream;charset=utf-8", "application/json, text/event-stream ; q=1"}) {
    CHECK(names_event_stream(type));
  }
  for (const char* type : {"", "*/*", "text/*", "application/json", "text/event-streams"})
    CHECK_FALSE(names_event_stream(type));
}
