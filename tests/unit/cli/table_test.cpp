#include "cli/table.hpp"

#include <doctest/doctest.h>

#include "cli/text_width.hpp"

using namespace p2p::cli;

TEST_CASE("columns of text follow Unicode, not bytes") {
  CHECK(text_width("abc") == 3);
  CHECK(text_width("née") == 3);
  CHECK(text_width("ne\u0301e") == 3);  // a combining accent
  CHECK(text_width("координатор") == 11);
  CHECK(text_width("日本") == 4);
  CHECK(text_width("한국") == 4);
  CHECK(text_width("🚀") == 2);
  CHECK(text_width("a\u200bb") == 2);  // zero width space
  CHECK(text_width("") == 0);
}

TEST_CASE("a cut text ends with an ellipsis and never exceeds its width") {
  CHECK(cut_to_width("worker-1", 8) == "worker-1");
  CHECK(cut_to_width("worker-10", 8) == "worker-…");
  CHECK(cut_to_width("日本語", 4) == "日…");
  CHECK(cut_to_width("日本語", 5) == "日本…");
  CHECK(cut_to_width("abc", 1) == "…");
  CHECK(cut_to_width("abc", 0).empty());
}

TEST_CASE("a table is aligned, two spaces apart, without trailing spaces") {
  const std::string table = render_table({{"NODE"}, {"MS", Align::right}, {"NOTE"}},
                                         {{{"worker-1"}, {"0.8"}, {""}}, {{"вася"}, {"12.5"}, {"ok"}}}, {});
  CHECK(table ==
        "NODE        MS  NOTE\n"
        "worker-1   0.8\n"
        "вася      12.5  ok\n");
}

TEST_CASE("what a node sends cannot drive the terminal") {
  const std::string table = render_table({{"A"}}, {{{"\x1b[31mred\nnext"}}}, {});
  CHECK(table == "A\n\\x1b[31mred\\nnext\n");
}

TEST_CASE("on a narrow terminal the widest columns are cut and lines fit") {
  const std::string table =
      render_table({{"NODE"}, {"ADDRESS"}}, {{{"worker-1"}, {"a-very-long-host-name.example.org:8001"}}}, {30, false});
  CHECK(table ==
        "NODE      ADDRESS\n"
        "worker-1  a-very-long-host-na…\n");
}

TEST_CASE("colour wraps the text only, so that columns stay aligned") {
  const std::string table = render_table({{"S"}, {"B"}}, {{{"up", Style::good}, {"x"}}}, {0, true});
  CHECK(table == "\x1b[1mS\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[32mup\x1b[0m  x\n");
  CHECK(render_pairs({{"role", {"worker"}}, {"id", {"w"}}}, {}) == "role  worker\nid    w\n");
}
