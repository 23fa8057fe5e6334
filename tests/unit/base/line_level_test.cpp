#include "base/line_level.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace p2p;

TEST_CASE("the level of a line is the one that it names in a usual place") {
  using enum LogLevel;
  const std::pair<const char*, LogLevel> lines[] = {
      {"2026-01-02 03:04:05,678 ERROR [main] com.example.Shop - broken", error},
      {"2026/01/02 03:04:05 [warn] 42#42: *1 upstream", warning},
      {"[Fri Jan 02 03:04:05 2026] [error] [client 192.0.2.1] x", error},
      {"[Fri Jan 02 03:04:05 2026] [core:error] x", info},
      {"time=2026-01-02T03:04:05Z level=warning msg=\"x ERROR\"", warning},
      {R"(ts=1 level="debug" msg=x)", debug},
      {R"({"time":1,"level":"fatal","msg":"x"})", critical},
      {R"({"severity":"Notice"})", info},
      {R"({"level":30,"msg":"ERROR"})", error},
      {"FATAL: password authentication failed", critical},
      {"TRACE x", debug},
      {"EMERG x", critical},
      {"CRIT x", error},
      {"an error happened", info},
      {"GET /ERROR/x HTTP/1.1", info},
      {"MY_ERROR=1 TERROR ERROR-1", info},
      {"", info},
  };
  for (const auto& [line, level] : lines) {
    CAPTURE(line);
    CHECK(level_of_line(line) == level);
  }
  CHECK(level_of_line(std::string(200, ' ') + "ERROR") == info);
}
