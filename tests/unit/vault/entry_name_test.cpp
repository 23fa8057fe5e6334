#include "vault/entry_name.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("names of files below a folder are names of entries") {
  for (const std::string& name :
       {std::string("a"), std::string("certs/node_key.pem"), std::string("a b"), std::string(".hidden"),
        std::string("a..b"), std::string("…/ключ"), std::string(512, 'n')}) {
    CAPTURE(name);
    CHECK(vault::check_entry_name(name).has_value());
  }
}

TEST_CASE("a name that could lead elsewhere, or hide something, is refused and said") {
  using std::string_literals::operator""s;
  const std::pair<std::string, std::string> wrong[] = {
      {"", "it is empty"},
      {"../../etc/passwd", "it has . or .. in it"},
      {"a/../b", "it has . or .. in it"},
      {"./a", "it has . or .. in it"},
      {"..", "it has . or .. in it"},
      {"/etc/passwd", "it begins or ends with / or has // in it"},
      {"a/", "it begins or ends with / or has // in it"},
      {"a//b", "it begins or ends with / or has // in it"},
      {"a\nb", "it has a control character"},
      {"a\x1b[2J", "it has a control character"},
      {"a\0b"s, "it has a control character"},
      {"a\x7f", "it has a control character"},
      {"a\u009b", "it has a control character"},
      {"a\\b", "it has a backslash"},
      {"\xff", "it is not UTF-8"},
      {"\xc0\xaf", "it is not UTF-8"},
      {std::string(513, 'n'), "it is too long"},
      {std::string(10'000, 'n'), "it is too long"},
  };
  for (const auto& [name, why] : wrong) {
    CAPTURE(name);
    const auto checked = vault::check_entry_name(name);
    REQUIRE(!checked.has_value());
    CHECK(checked.error().kind() == Errc::invalid);
    CHECK(checked.error().context.ends_with(": " + why));
    CHECK(checked.error().context.size() < 200);
  }
}
