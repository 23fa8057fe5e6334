#include "services/last_words.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace p2p;
using namespace p2p::services;

namespace {

std::string said_last(std::string_view output) {
  LastWords words;
  for (const auto& line : split(output, '\n')) words.take(line);
  return words.text();
}

}  // namespace

TEST_CASE("the reason of a crash is the line that says it, as interpreters and runtimes print it") {
  CHECK(said_last(R"(Traceback (most recent call last):
  File "/srv/a.py", line 3, in <module>
    start()
OSError: orders-db: connection refused
)") == "OSError: orders-db: connection refused");
  CHECK(said_last(R"(/srv/a.js:1
function start() { throw new Error("orders-db: connection refused"); } start();
                   ^

Error: orders-db: connection refused
    at start (/srv/a.js:1:26)
    at node:internal/main/run_main_module:28:49 {
  errno: -111
}

Node.js v20.20.2
)") == "Error: orders-db: connection refused");
  CHECK(said_last(R"(panic: orders-db: connection refused

goroutine 1 [running]:
main.start(...)
	/src/main.go:6
net/http.(*conn).serve(0xc000012345, {0x7a5b60, 0xc00001})
	/usr/lib/go/src/net/http/server.go:1930 +0xb08
created by main.main in goroutine 1
	/src/main.go:10 +0x25
exit status 2
)") == "panic: orders-db: connection refused");
  CHECK(said_last(R"(Exception in thread "main" java.lang.IllegalStateException: not started
	at A.main(A.java:1)
Caused by: java.lang.RuntimeException: orders-db: no route
	at A.main(A.java:1)
	... 10 more
)") == "Caused by: java.lang.RuntimeException: orders-db: no route");
  CHECK(said_last(R"(thread 'main' (608) panicked at a.rs:1:13:
orders-db: connection refused
stack backtrace:
   0: std::panicking::begin_panic::<&str>
             at /rustc/59807616e1fa/library/std/src/panicking.rs:761:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
)") == "orders-db: connection refused");
}

TEST_CASE("what comes after a trace counts again, and a program that indents all has a last line too") {
  CHECK(said_last("panic: x\ngoroutine 5 [running]:\nmain.main()\nlistening again\n") == "listening again");
  CHECK(said_last("  first\n  second\n") == "second");
  CHECK(said_last("\n \n---\n").empty());
  CHECK(said_last("\x1b[31mred") == "\\x1b[31mred");
  CHECK(said_last(std::string(1'000, 'x')).size() == kMaxLastWords);
  LastWords words;
  words.take("of the process before");
  words.clear();
  CHECK(words.text().empty());
}
