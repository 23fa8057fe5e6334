#include "cli/parameters.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace p2p::cli;

namespace {

p2p::Result<std::string> build(std::vector<std::string> items, std::optional<std::string> whole = {}) {
  const std::map<std::string, std::string> files{
      {"a.txt", "line\n\"q\""}, {"a.json", "{\"x\":[1]}\n"}, {"bad.txt", "\xff"}, {"-", "[1, 2]\n"}};
  return build_parameters({std::move(items), std::move(whole)},
                          [&](const std::string& path) -> p2p::Result<std::string> {
                            const auto found = files.find(path);
                            if (found == files.end())
                              return p2p::Error(p2p::Errc::not_found, path + ": No such file or directory");
                            return found->second;
                          });
}

}  // namespace

TEST_CASE("items become members: text, JSON, files") {
  CHECK(build({}).value().empty());
  CHECK(build({"path=/tmp", "n:=3", "deep:={\"a\": [true]}"}).value() ==
        R"({"path":"/tmp","n":3,"deep":{"a": [true]}})");
  CHECK(build({"n=3"}).value() == R"({"n":"3"})");
  CHECK(build({"url=http://h/?a=b:=c"}).value() == R"({"url":"http://h/?a=b:=c"})");
  CHECK(build({"empty="}).value() == R"({"empty":""})");
  CHECK(build({"big:=123456789012345678901234567890"}).value() == R"({"big":123456789012345678901234567890})");
  CHECK(build({"note=@a.txt"}).value() == R"({"note":"line\n\"q\""})");
  CHECK(build({"doc:=@a.json"}).value() == "{\"doc\":{\"x\":[1]}\n}");
  CHECK(build({"at:=\"@home\""}).value() == R"({"at":"@home"})");
}

TEST_CASE("the whole comes as JSON, from a file, or from stdin when asked") {
  CHECK(build({}, R"({"a":1})").value() == R"({"a":1})");
  CHECK(build({}, "-").value() == "[1, 2]");
  CHECK(build({}, "@a.json").value() == R"({"x":[1]})");
  CHECK(build({}, "3").error().context == "parameter \"--params\": expects a JSON object or array");
  CHECK(build({}, "{").error().context.starts_with("parameter \"--params\": not JSON: "));
  CHECK(build({"a=1"}, "{}").error().kind() == p2p::Errc::invalid);
}

TEST_CASE("what is wrong is named") {
  CHECK(build({"path"}).error().context == "parameter \"path\": expects key=text, key:=json or key=@file");
  CHECK(build({"=x"}).error().kind() == p2p::Errc::invalid);
  CHECK(build({":=1"}).error().context == "parameter \":=1\": expects a name before the \"=\"");
  CHECK(build({"a=1", "a=2"}).error().context == "parameter \"a=2\": given twice");
  CHECK(build({"a:=tru"}).error().context.starts_with("parameter \"a:=tru\": not JSON: "));
  CHECK(build({"a=@none"}).error().kind() == p2p::Errc::not_found);
  CHECK(build({"a=@bad.txt"}).error().context == "parameter \"a=@bad.txt\": not UTF-8 text");
  CHECK(build({"a=" + std::string(kMaxParameterBytes, 'x')}).error().kind() == p2p::Errc::too_large);
}
