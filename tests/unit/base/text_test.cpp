#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;
using Parts = std::vector<std::string>;

TEST_CASE("split and join undo each other, empty parts included") {
  CHECK(split("a,,b", ',') == Parts{"a", "", "b"});
  CHECK(split("", ',') == Parts{""});
  CHECK(split(",", ',') == Parts{"", ""});
  for (const std::string text : {"", "a", ",", "a,b", ",a", "a,", "a,,b", ",,"})
    CHECK(join(split(text, ','), ",") == text);
  CHECK(join(Parts{}, ", ") == "");
}

TEST_CASE("trim takes white space from both ends only") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" \n").empty());
}

TEST_CASE("lower_ascii leaves everything but A to Z") { CHECK(lower_ascii("ABC-\xc3\x89z") == "abc-\xc3\x89z"); }

TEST_CASE("UTF-8 is judged as RFC 3629 does") {
  for (const std::string good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const std::string bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xc3"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("what could drive a terminal is made visible") {
  CHECK(escape_controls("a\nb\tc\rd") == R"(a\nb\tc\rd)");
  CHECK(escape_controls("\x1b[31mred\x7f") == R"(\x1b[31mred\x7f)");
  CHECK(escape_controls("\xc2\x9b"
                        "2J") == R"(\xc2\x9b2J)");
  CHECK(escape_controls("a\u202Eb\u2069") == R"(a\xe2\x80\xaeb\xe2\x81\xa9)");
  CHECK(escape_controls("\u061C\u200E\u200F") == R"(\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f)");
  CHECK(escape_controls("\u2014\u200D\u061B") == "\u2014\u200D\u061B");
  CHECK(escape_controls("\xff\xc3") == R"(\xff\xc3)");
  CHECK(escape_controls("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  CHECK(escape_controls(std::string_view("\0x", 2)) == R"(\x00x)");
}

TEST_CASE("the distance counts insertions, deletions, substitutions and swaps of neighbours") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // optimal string alignment; unrestricted Damerau gives 2
}

TEST_CASE("a slip of the finger finds its word, anything else finds none") {
  constexpr std::string_view keys[] = {"port", "node_id", "gossip_interval_min", "gossip_interval_max"};
  CHECK(nearest("prot", keys) == "port");
  CHECK(nearest("gossip_intervall_max", keys) == "gossip_interval_max");
  CHECK(nearest("colour", keys) == std::nullopt);
  CHECK(nearest("", keys) == std::nullopt);
  CHECK(did_you_mean("prot", keys) == "; did you mean \"port\"?");
  CHECK(did_you_mean("colour", keys).empty());
}

TEST_CASE("the beginning of one word finds it, that of several finds none") {
  constexpr std::string_view levels[] = {"info", "warning", "warranted", "error"};
  CHECK(nearest("warn", levels) == "warning");
  CHECK(nearest("inf", levels) == "info");
  CHECK(nearest("war", levels) == std::nullopt);
  CHECK(nearest("er", levels) == std::nullopt);
}

TEST_CASE("globs match whole texts") {
  CHECK(glob_match("Service.*", "Service.disk"));
  CHECK(glob_match("*", ""));
  CHECK(glob_match("a*b*c", "a-b-b-c"));
  CHECK(glob_match("w?rker-*", "worker-12"));
  CHECK_FALSE(glob_match("Service.*", "MyService.disk"));
  CHECK_FALSE(glob_match("a?", "a"));
  CHECK_FALSE(glob_match("", "a"));
  CHECK_FALSE(glob_match("[ab]", "a"));
}

TEST_CASE("durations need a unit and stay within a century") {
  CHECK(parse_duration("500ms").value() == 500ms);
  CHECK(parse_duration("0s").value() == 0ms);
  CHECK(parse_duration("15m").value() == 15min);
  CHECK(parse_duration("24h").value() == 24h);
  CHECK(parse_duration("7d").value() == 168h);
  CHECK(parse_duration("36500d").has_value());
  CHECK(parse_duration("2w").value() == 336h);
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("1d2h3m4s5ms").value() == 26h + 3min + 4s + 5ms);
  for (const std::string text :
       {"", "10", "s", "-5s", "+5s", "1.5h", "10 s", "10S", "36501d", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK(parse_duration(text).has_error());
  }
}

TEST_CASE("durations and sizes read well") {
  CHECK(format_duration(999ms) == "999ms");
  CHECK(format_duration(42s) == "42s");
  CHECK(format_duration(192s) == "3m12s");
  CHECK(format_duration(5h + 7min) == "5h07m");
  CHECK(format_duration(292h) == "12d04h");
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(20 << 20) == "20 MiB");
  CHECK(format_bytes((1 << 20) - 1) == "1 MiB");
  CHECK(format_bytes(~0ULL) == "16 EiB");
}

TEST_CASE("names are safe in file names, URIs and terminals") {
  CHECK(is_valid_name("worker-1"));
  CHECK(is_valid_name("a"));
  CHECK(is_valid_name("shop_3.example"));
  CHECK(is_valid_name(std::string(63, 'a')));
  for (const std::string bad : {"", "-a", "a-", ".a", "a..b", "a/b", "a b", "a\n", "..", "\xc3\xa9", "a:b"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_name(bad));
  }
  CHECK_FALSE(is_valid_name(std::string(64, 'a')));
}
