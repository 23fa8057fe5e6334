// What a node adds to the programs of services: a stdio echo against the same program driven over bare pipes, exec
// against bare fork and exec, and how fast a killed service is noticed and serves again. Prints figures and ratios;
// exits 1 when one misses its bound. usage: services_bench [SECONDS]
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "rpc/dispatcher.hpp"
#include "services/service_host.hpp"

extern char** environ;

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace p2p;
using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;
using Seconds = duration<double>;

constexpr int kCallers = 16;
constexpr int kDeaths = 1000;
constexpr int kExecs = 300;
int failed_bounds = 0;

void report(const std::string& what, double value, const std::string& unit, double bound, bool at_least) {
  const bool fine = at_least ? value >= bound : value <= bound;
  if (!fine) ++failed_bounds;
  fmt::print("{:<58} {:>10.2f} {:<9} {} {:.2f}{}\n", what, value, unit, at_least ? "at least" : "at most", bound,
             fine ? "" : "   MISSED");
}
void figure(const std::string& what, double value, const std::string& unit) {
  fmt::print("{:<58} {:>10.2f} {}\n", what, value, unit);
}

double cpu_seconds(int who) {
  rusage use{};
  ::getrusage(who, &use);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(use.ru_utime) + of(use.ru_stime);
}
/// Of a process that runs.
double cpu_seconds_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  double nanoseconds = 0;
  file >> nanoseconds;
  return nanoseconds / 1e9;
}

double percentile(std::vector<double>& values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

struct Node {
  fs::path home;
  NullLogSink log;
  asio::io_context control;
  rpc::Registry registry;
  SeededRandom random{1};
  std::unique_ptr<services::ServiceHost> host;
  rpc::Dispatcher dispatcher{{"bench", pki::Role::worker}, registry, nullptr, log};

  Node() {
    std::string pattern = (fs::temp_directory_path() / "p2p-bench-XXXXXX").string();
    home = ::mkdtemp(pattern.data());
    add("probe", fmt::format("command: [{}]\nprotocol: stdio\nrestart: {{delay: 10ms, max_delay: 10ms, degraded_after: "
                             "1000000}}\nmethods: [{{name: echo, max_inflight: 64}}, {{name: pid}}, {{name: hold}}]\n",
                             P2P_STDIO_PROBE));
    add("run", "command: ['true']\nmethods: [{name: it}]\n");
    services::ServiceHost::Options options;
    options.directory = home;
    options.node = {"bench", home.string()};
    services::ServiceHost::StateStore store;
    store.load = []() -> Result<std::string> { return Error(Errc::not_found, "none"); };
    store.save = []() -> asio::awaitable<Result<void>> { co_return Result<void>(); };
    host = std::make_unique<services::ServiceHost>(
        control.get_executor(), std::move(options), registry, std::move(store), [](const auto&, const auto&) {}, random,
        log);
    host->open();
  }
  ~Node() {
    asio::co_spawn(control, host->stop(10s), [](std::exception_ptr) {});
    control.restart();
    control.run();
    fs::remove_all(home);
  }
  void add(const std::string& name, const std::string& manifest) const {
    fs::create_directory(home / name);
    std::ofstream(home / name / "service.yaml") << "name: " << name << "\n" << manifest;
    ::chmod((home / name).c_str(), 0755);
    ::chmod((home / name / "service.yaml").c_str(), 0644);
  }
};

asio::awaitable<std::string> call(Node& node, std::string method, std::string params = "{}") {
  rpc::Origin origin;
  origin.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "bench"};
  origin.caller.scopes = auth::Scopes::all();
  origin.deadline = steady_clock::now() + 30s;
  const std::string request = fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})", method, params);
  auto answering = node.dispatcher.answer(request, origin);
  co_return co_await std::move(answering);
}

/// Runs work on a session loop of its own, while this thread runs the control loop.
template <class Work>
void beside(Node& node, Work work) {
  bool done = false;
  std::thread session([&] {
    asio::io_context loop;
    work(loop);
    asio::post(node.control, [&] { done = true; });
  });
  auto keep = asio::make_work_guard(node.control);
  node.control.restart();
  while (!done) node.control.run_one();
  session.join();
}

asio::awaitable<void> keep_calling(Node& node, steady_clock::time_point end, std::size_t& count) {
  while (steady_clock::now() < end) {
    auto calling = call(node, "probe.echo", "[1]");
    co_await std::move(calling);
    ++count;
  }
}

pid_t probe_pid(Node& node) {
  std::string answer;
  beside(node, [&](asio::io_context& loop) {
    asio::co_spawn(loop, call(node, "probe.pid"),
                   [&](std::exception_ptr, std::string text) { answer = std::move(text); });
    loop.run();
  });
  const auto at = answer.find("\"result\":");
  return at == std::string::npos ? 0 : static_cast<pid_t>(std::stol(answer.substr(at + 9)));
}

/// Calls a second of the same program over two pipes with the same number of requests under way: the least it can take.
double bare_pipes(Seconds time) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // It leaves a file where it ends.
  ::posix_spawn_file_actions_addchdir_np(&actions, "/tmp");
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::string program = P2P_STDIO_PROBE;
  char* const arguments[] = {program.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ) != 0) std::abort();
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  const std::string request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]}\n";
  const auto ask = [&] { return ::write(in[1], request.data(), request.size()) > 0; };
  for (int i = 0; i < kCallers; ++i) ask();
  std::array<char, 65536> chunk;
  std::size_t count = 0;
  const auto begun = steady_clock::now();
  while (Seconds(steady_clock::now() - begun) < time) {
    const ssize_t got = ::read(out[0], chunk.data(), chunk.size());
    for (auto left = std::count(chunk.begin(), chunk.begin() + got, '\n'); left > 0; --left, ++count) ask();
  }
  const double rate = static_cast<double>(count) / Seconds(steady_clock::now() - begun).count();
  ::close(in[1]);
  ::close(out[0]);
  ::waitpid(pid, nullptr, 0);
  return rate;
}

double measure_throughput(Node& node, Seconds time) {
  const pid_t pid = probe_pid(node);
  const double bare = bare_pipes(time);
  std::size_t count = 0;
  const double cpu_before = cpu_seconds(RUSAGE_SELF), theirs_before = cpu_seconds_of(pid);
  const auto begun = steady_clock::now();
  beside(node, [&](asio::io_context& loop) {
    const auto end = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(time);
    for (int i = 0; i < kCallers; ++i) asio::co_spawn(loop, keep_calling(node, end, count), asio::detached);
    loop.run();
  });
  const double rate = static_cast<double>(count) / Seconds(steady_clock::now() - begun).count();
  const double ours = cpu_seconds(RUSAGE_SELF) - cpu_before, theirs = cpu_seconds_of(pid) - theirs_before;
  report("stdio: calls a second and core (node and program)", static_cast<double>(count) / (ours + theirs), "calls",
         10'000, true);
  figure("stdio: calls a second", rate, "calls");
  figure("  of the same program over bare pipes", bare, "calls");
  figure("  ratio", rate / bare, "");
  figure("stdio: CPU of the node a call", 1e6 * ours / static_cast<double>(count), "µs");
  return rate;
}

asio::awaitable<void> timed_call(Node& node, std::string method, steady_clock::time_point due,
                                 std::vector<double>& out) {
  auto calling = call(node, std::move(method), "[1]");
  co_await std::move(calling);
  out.push_back(1e3 * Seconds(steady_clock::now() - due).count());
}

asio::awaitable<void> pace(Node& node, std::string method, double rate, Seconds time, std::vector<double>& out) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  const auto begun = steady_clock::now();
  const auto total = static_cast<std::size_t>(rate * time.count());
  for (std::size_t i = 0; i < total; ++i) {
    const auto due = begun + std::chrono::duration_cast<steady_clock::duration>(Seconds(static_cast<double>(i) / rate));
    if (due > steady_clock::now()) {
      timer.expires_at(due);
      co_await timer.async_wait(asio::use_awaitable);
    }
    asio::co_spawn(executor, timed_call(node, method, due, out), asio::detached);
  }
}

/// In turns, as what else the machine does is larger than what is looked for.
void measure_latency(Node& node, Seconds time) {
  constexpr double kRate = 5'000;
  constexpr int kRounds = 5;
  rpc::Method nothing;
  nothing.name = "none.echo";
  nothing.handler = [](rpc::CallContext context) -> asio::awaitable<rpc::Outcome> {
    co_return std::move(context.params);
  };
  node.registry.publish({"none", "1", "", true, {std::move(nothing)}});
  const auto p99 = [&](const char* method) {
    std::vector<double> times;
    beside(node, [&](asio::io_context& loop) {
      asio::co_spawn(loop, pace(node, method, kRate, time / kRounds, times), asio::detached);
      loop.run();
    });
    return percentile(times, 0.99);
  };
  std::vector<double> base, added;
  for (int round = 0; round < kRounds; ++round) {
    base.push_back(p99("none.echo"));
    added.push_back(p99("probe.echo") - base.back());
  }
  figure("built-in echo at 5,000 calls a second, p99", percentile(base, 0.5), "ms");
  report("stdio: added at p99 at 5,000 calls a second", percentile(added, 0.5), "ms", 1.0, false);
}

double bare_exec() {
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  const auto begun = steady_clock::now();
  for (int i = 0; i < kExecs; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execv(program, arguments);
      ::_exit(127);
    }
    ::waitpid(pid, nullptr, 0);
  }
  return 1e3 * Seconds(steady_clock::now() - begun).count() / kExecs;
}

void measure_exec(Node& node) {
  std::vector<double> ratios;
  for (int round = 0; round < 5; ++round) {
    const double bare = bare_exec();
    const auto begun = steady_clock::now();
    beside(node, [&](asio::io_context& loop) {
      auto all = [](Node& on) -> asio::awaitable<void> {
        for (int i = 0; i < kExecs; ++i) {
          auto calling = call(on, "run.it");
          co_await std::move(calling);
        }
      };
      asio::co_spawn(loop, all(node), asio::detached);
      loop.run();
    });
    const double ours = 1e3 * Seconds(steady_clock::now() - begun).count() / kExecs;
    ratios.push_back(ours / bare);
    if (round == 0) {
      figure("exec: a call of true", ours, "ms");
      figure("  bare fork and exec", bare, "ms");
    }
  }
  report("exec: ratio to bare fork and exec (median)", percentile(ratios, 0.5), "", 1.5, false);
}

std::size_t descriptor_count() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

asio::awaitable<void> die_and_come_back(Node& node, std::vector<double>& noticed, std::vector<double>& back) {
  std::string text = co_await call(node, "probe.pid");
  for (int i = 0; i < kDeaths; ++i) {
    const auto pid = static_cast<pid_t>(std::stol(text.substr(text.find("\"result\":") + 9)));
    steady_clock::time_point killed, told;
    auto failing = [](Node& on, steady_clock::time_point& at) -> asio::awaitable<void> {
      auto calling = call(on, "probe.hold");
      co_await std::move(calling);
      at = steady_clock::now();
    };
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, failing(node, told), asio::detached);
    auto reaching = call(node, "probe.echo");
    co_await std::move(reaching);
    killed = steady_clock::now();
    ::kill(pid, SIGKILL);
    do {
      auto calling = call(node, "probe.pid");
      text = co_await std::move(calling);
    } while (text.find("\"result\":") == std::string::npos);
    back.push_back(1e3 * Seconds(steady_clock::now() - killed).count());
    noticed.push_back(1e3 * Seconds(told - killed).count());
  }
}

void measure_deaths(Node& node) {
  std::vector<double> noticed, back;
  probe_pid(node);
  const std::size_t before = descriptor_count();
  beside(node, [&](asio::io_context& loop) {
    asio::co_spawn(loop, die_and_come_back(node, noticed, back), asio::detached);
    loop.run();
  });
  report(fmt::format("kill -9: the typed error, longest of {}", kDeaths), percentile(noticed, 1), "ms", 50, false);
  report("kill -9: serving again, longest", percentile(back, 1), "ms", 500, false);
  figure("kill -9: serving again, median (restart delay 10 ms)", percentile(back, 0.5), "ms");
  const auto after = descriptor_count();
  report("kill -9: descriptors more than before", static_cast<double>(after) - static_cast<double>(before), "", 0,
         false);
  int children = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string pid, name, state;
    long parent = 0;
    if (file >> pid >> name >> state >> parent && parent == ::getpid()) ++children;
  }
  report("kill -9: children left", children, "", 1, false);
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const Seconds time(argc > 1 ? std::atof(argv[1]) : 3.0);
  Node node;
  measure_throughput(node, time);
  measure_latency(node, time);
  measure_exec(node);
  measure_deaths(node);
  return failed_bounds == 0 ? 0 : 1;
}
