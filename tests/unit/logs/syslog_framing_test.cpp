#include "logs/sources/syslog_framing.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace p2p::logs;

namespace {

/// Messages, each with ` (+N)` when N bytes of it are missing.
std::vector<std::string> frames_of(std::string_view bytes, std::size_t piece) {
  SyslogFramer framer;
  std::vector<std::string> out;
  const auto take = [&](const SyslogFrame& frame) {
    out.push_back(frame.text);
    if (frame.bytes > frame.text.size()) out.back() += " (+" + std::to_string(frame.bytes - frame.text.size()) + ")";
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    for (const auto& frame : framer.feed(bytes.substr(0, piece))) take(frame);
  }
  if (const auto last = framer.finish()) take(*last);
  return out;
}

}  // namespace

TEST_CASE("messages are counted or end with a newline, each as its first byte says, however they arrive") {
  const std::string_view bytes = "5 <13>a<14>b\n\n7 <15>c\nd12 monkeys\n3 xyz\n";
  // Counting 12 octets from "12 monkeys" on goes over the line's end, as section 3.4.1 has it.
  const std::vector<std::string> expected{"<13>a", "<14>b", "<15>c\nd", "monkeys\n3 xy", "z"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) CHECK(frames_of(bytes, piece) == expected);
}

TEST_CASE("a line may begin with a number") {
  CHECK(frames_of("404 not\n", 3) == std::vector<std::string>{"not\n (+400)"});
  CHECK(frames_of("2026-11-26 up\n1234567890 x\n99\n", 5) ==
        std::vector<std::string>{"2026-11-26 up", "1234567890 x", "99"});
}

TEST_CASE("what is too long is cut, and the next message is whole") {
  const std::string large(10 << 20, 'x');
  for (const std::string& bytes : {large + "\nnext\n", std::to_string(large.size()) + " " + large + "next\n"}) {
    const auto frames = frames_of(bytes, 1 << 16);
    REQUIRE(frames.size() == 2);
    CHECK(frames[0] ==
          std::string(kKeptSyslogBytes, 'x') + " (+" + std::to_string(large.size() - kKeptSyslogBytes) + ")");
    CHECK(frames[1] == "next");
  }
}

TEST_CASE("what a connection that breaks off leaves behind is kept") {
  CHECK(frames_of("10 abc", 2) == std::vector<std::string>{"abc (+7)"});
  CHECK(frames_of("10 ", 2).empty());
  CHECK(frames_of("abc", 2) == std::vector<std::string>{"abc"});
  CHECK(frames_of("12", 2) == std::vector<std::string>{"12"});
}
