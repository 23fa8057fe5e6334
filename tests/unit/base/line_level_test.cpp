#include "base/line_level.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

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
      {"no errors found: 0 ERROR lines", info},
      {"I know of no WARNING here", info},
      {"Jan 02 03:04:05 web1 app[12]: ERROR broken", error},
      {"2026-01-02 03:04:05,678 - shop - ERROR - broken", error},
      {"reading the queue of the shop: ERROR: broken", error},
      {"error: no such file", error},
      {"Error: Cannot find module 'x'", error},
      {"p2p-node: error: no such file", error},
      {"cc: main.c:3:25: warning: unused", warning},
      {"panic: runtime error: index out of range", critical},
      {"thread 'main' panicked at src/main.rs:2:5:", critical},
      {"ValueError: no key", error},
      {"java.io.IOException: gone", error},
      {"lastError: 5", info},
      {"Error.: x", info},
      {": : : x", info},
      {":", info},
      {"E1128 03:04:05.678 1 main.go:3] broken", error},
      {"W1128 03:04:05.678 1 main.go:3] slow", warning},
      {"E112 x", info},
      {"<3>disk full", error},
      {"<4>slow", warning},
      {"<8>x", info},
      {"GET /ERROR/x HTTP/1.1", info},
      {"MY_ERROR=1 TERROR ERROR-1", info},
      {"", info},
  };
  for (const auto& [line, level] : lines) {
    CAPTURE(line);
    CHECK(level_of_line(line).value_or(info) == level);
  }
  CHECK_FALSE(level_of_line(std::string(200, ' ') + "ERROR").has_value());
}

TEST_CASE("the lines of a stack trace have the level of what they belong to") {
  using enum LogLevel;
  const auto levels = [](const std::vector<const char*>& lines) {
    LineLevels of;
    std::vector<LogLevel> out;
    for (const char* line : lines) out.push_back(of.next(line));
    return out;
  };
  // As Python's logging.exception writes it, and a program that ends by an exception.
  CHECK(levels({"ERROR:shop:cannot refund", "Traceback (most recent call last):",
                "  File \"shop.py\", line 3, in refund", "    log(\"INFO\")", "shop.KeyExpired: since May", "ready"}) ==
        std::vector<LogLevel>{error, error, error, error, error, info});
  CHECK(levels({"Exception in thread \"main\" java.lang.IllegalStateException: no disk",
                "\tat com.example.Shop.main(Shop.java:3)", "Caused by: java.io.IOException: gone", "\t... 3 more",
                "2026-01-02 INFO ready"}) == std::vector<LogLevel>{error, error, error, error, info});
  CHECK(levels({"warning: low on disk", "  12 MB left", "", "and so on"}) ==
        std::vector<LogLevel>{warning, warning, info, info});
}
