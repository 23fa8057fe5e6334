#include "logs_bench_peers.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/sqlite.hpp"
#include "logs/day_schema.hpp"
#include "logs_bench_fleet.hpp"

extern char** environ;

namespace p2p::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr double kPatience = 60;
constexpr char kRsyslogd[] = "/usr/sbin/rsyslogd";

double seconds_since(steady_clock::time_point then) {
  return std::chrono::duration<double>(steady_clock::now() - then).count();
}

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const auto end = steady_clock::now() + 10s; steady_clock::now() < end; std::this_thread::sleep_for(20ms)) {
    const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return out;
    ::close(out);
  }
  return -1;
}

/// One that was free a moment ago.
std::uint16_t free_port() {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening, reinterpret_cast<const sockaddr*>(&address), size) != 0) return 0;
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listening);
  return ntohs(address.sin_port);
}

bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

double sqlite_alone(const fs::path& folder, std::size_t records, std::size_t batch) {
  auto database = take(Database::open(folder / "alone.db", Database::Mode::create));
  take(database.execute(std::string(logs::kDayPragmas)));
  take(database.execute(logs::kDaySchema));
  take(
      database.execute("INSERT INTO nodes (name) VALUES ('worker-1'); INSERT INTO loggers (name) VALUES ('a'), ('b');"
                       "INSERT INTO streams (node, epoch) VALUES (1, 1);"));
  auto insert = take(database.prepare(logs::kInsertRecord));
  // Made beforehand: what is measured is SQLite.
  std::vector<logs::LogRecord> samples;
  for (std::size_t i = 0; i < 10'000; ++i) samples.push_back(sample_record(i + 1));
  const auto begun = steady_clock::now();
  for (std::size_t i = 0; i < records;) {
    auto transaction = take(Transaction::begin(database));
    for (const std::size_t end = std::min(i + batch, records); i < end; ++i) {
      const auto& record = samples[i % samples.size()];
      const auto number = static_cast<std::int64_t>(i + 1);
      const std::int64_t values[] = {number,
                                     1,
                                     number,
                                     1,
                                     number % 2 + 1,
                                     logs::severity_of(record.level),
                                     record.timestamp.time_since_epoch().count(),
                                     record.timestamp.time_since_epoch().count()};
      for (int k = 0; k < 8; ++k) insert.bind(k + 1, values[k]);
      insert.bind(9, record.message);
      take(insert.run());
    }
    take(transaction.commit());
  }
  return static_cast<double>(records) / seconds_since(begun);
}

std::optional<double> rsyslog_alone(const fs::path& folder, std::size_t records) {
  if (::access(kRsyslogd, X_OK) != 0) return std::nullopt;
  const std::uint16_t port = free_port();
  const fs::path file = folder / "rsyslog.log", configuration = folder / "rsyslog.conf", pid_file = folder / "pid";
  std::ofstream(configuration) << fmt::format(
      "global(workDirectory=\"{}\")\nmodule(load=\"imtcp\")\ninput(type=\"imtcp\" port=\"{}\" address=\"127.0.0.1\")\n"
      "main_queue(queue.size=\"200000\" queue.dequeueBatchSize=\"16384\")\n"
      "action(type=\"omfile\" file=\"{}\" sync=\"on\" ioBufferSize=\"4m\" asyncWriting=\"on\" "
      "flushOnTXEnd=\"off\" flushInterval=\"1\")\n",
      folder.string(), port, file.string());
  std::string program = kRsyslogd, f = "-f", c = configuration.string(), n = "-n", i = "-i", p = pid_file.string();
  char* const arguments[] = {program.data(), n.data(), f.data(), c.data(), i.data(), p.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, kRsyslogd, nullptr, nullptr, arguments, environ) != 0) return std::nullopt;
  const int socket = connect_to(port);
  std::string text;
  for (std::size_t k = 0; k < 1000; ++k)
    text += fmt::format("<14>1 2026-01-02T03:04:05.123456Z worker-1 shop 1 - - {}\n", sample_record(k + 1).message);
  const auto lines = [&] {
    // Every line is as long as the next one but for digits of its time: counted, not measured.
    std::ifstream in(file);
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
  };
  const auto begun = steady_clock::now();
  bool fine = socket >= 0;
  for (std::size_t sent = 0; fine && sent < records; sent += 1000)
    fine = seconds_since(begun) < kPatience && send_all(socket, text);
  ::close(socket);
  // Its size says cheaply when it may be done.
  std::error_code ignored;
  double elapsed = 0;
  for (std::uintmax_t size = 0; fine && seconds_since(begun) < kPatience;) {
    const auto now = fs::file_size(file, ignored);
    if (now != size) {
      size = now;
      elapsed = seconds_since(begun);
    } else if (elapsed > 0 && seconds_since(begun) - elapsed > 3) {
      break;
    }
    std::this_thread::sleep_for(2ms);
  }
  fine = fine && lines() >= records;
  // What it has not written is of no use.
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  if (!fine) return std::nullopt;
  return static_cast<double>(records) / elapsed;
}

}  // namespace p2p::bench
