// A service of protocol `stdio` that does what a test asks for, good and bad: the method says what, the argument how it
// behaves from the start. It is no example: it finds its way through JSON as the node happens to write it.
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::string behaviour;
std::vector<std::string> held;
std::string cancelled = "[";

std::string text_after(const std::string& line, const char* key, const char* end) {
  const std::size_t from = line.find(key);
  if (from == std::string::npos) return {};
  const std::size_t begin = from + std::strlen(key);
  return line.substr(begin, line.find_first_of(end, begin) - begin);
}

std::string params_of(const std::string& line) {
  const std::size_t from = line.find("\"params\":");
  return from == std::string::npos ? "null" : line.substr(from + 9, line.size() - from - 10);
}

void say(const std::string& text) {
  std::cout << text << '\n';
  std::cout.flush();
}
void answer(const std::string& id, const std::string& result) {
  say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}");
}
void fail(const std::string& id, const std::string& error) {
  say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":)" + error + "}");
}

[[noreturn]] void linger() {
  for (;;) ::pause();
}

void release() {
  for (auto id = held.rbegin(); id != held.rend(); ++id) answer(*id, "\"released\"");
  held.clear();
}

/// A child in a session of its own that keeps what it inherited, while this process ends.
[[noreturn]] void fork_away() {
  if (::fork() == 0) {
    ::setsid();
    std::FILE* file = std::fopen("runaway.tmp", "w");
    std::fprintf(file, "%d\n", ::getpid());
    std::fclose(file);
    std::rename("runaway.tmp", "runaway");
    linger();
  }
  while (::access("runaway", F_OK) != 0) ::usleep(1000);
  ::_exit(0);
}

void flood() {
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) std::cout << chunk;
  std::cout << '\n';
}

void misbehave(const std::string& method, const std::string& id) {
  if (method == "die") ::kill(::getpid(), SIGKILL);
  if (method == "misconfigured") {
    std::cerr << "reading probe.conf\nprobe.conf: no such \x1b[31mqueue\n \n";
    ::_exit(78);
  }
  if (method == "fork_away") fork_away();
  if (method == "large") answer(id, '"' + std::string(2 << 20, 'x') + '"');
  if (method == "reserved") fail(id, R"({"code":-32006,"message":"not me","data":[1]})");
  if (method == "own_error") fail(id, R"({"code":7,"message":"no such shelf","data":{"shelf":9}})");
  if (method == "no_newline") {
    std::cout << R"({"jsonrpc":"2.0","id":)" << id << R"(,"result":"last words"})";
    std::cout.flush();
    ::_exit(0);
  }
  if (method == "mute" || method == "deaf") {
    ::close(method == "mute" ? 1 : 0);
    linger();
  }
  if (method == "stray") {
    std::cerr << "to stderr\n";
    say("Loading model...\n{\"level\":\"info\"}\n[1]\n{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":1}\n\xff\xfe");
    answer(id, "1");
  }
  if (method == "flood") {
    flood();
    answer(id, "2");
  }
}

void take(const std::string& line) {
  const std::string method = text_after(line, "\"method\":\"", "\"");
  const std::string id = text_after(line, "\"id\":", ",}");
  if (method == "initialize") {
    if (behaviour == "refuse") return fail(id, R"({"code":1,"message":"no database"})");
    if (behaviour != "silent") answer(id, "{}");
  } else if (method == "$/ping") {
    if (behaviour != "no_pong") answer(id, "null");
  } else if (method == "$/cancel") {
    cancelled += (cancelled.size() > 1 ? "," : "") + id;
  } else if (method == "echo") {
    answer(id, params_of(line));
  } else if (method == "pid") {
    answer(id, std::to_string(::getpid()));
  } else if (method == "hold") {
    held.push_back(id);
  } else if (method == "release") {
    release();
    answer(id, "null");
  } else if (method == "cancelled") {
    answer(id, cancelled + "]");
  } else if (method == "node_socket") {
    const char* path = std::getenv("P2P_NODE_SOCKET");
    answer(id, path == nullptr ? "null" : '"' + std::string(path) + '"');
  } else {
    misbehave(method, id);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) behaviour = argv[1];
  if (behaviour == "exit") return 3;
  std::ios::sync_with_stdio(false);
  if (behaviour == "stubborn") ::signal(SIGTERM, SIG_IGN);
  std::string line;
  while (std::getline(std::cin, line)) take(line);
  if (behaviour == "stubborn") linger();
  std::FILE* file = std::fopen("ended", "w");
  std::fclose(file);
  return 0;
}
