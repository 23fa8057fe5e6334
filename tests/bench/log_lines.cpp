// Writes log lines with the time of their writing in them, or reads lines and tells how old they were when they came.
// usage: log_lines write RATE SECONDS >>FILE   RATE lines of 200 bytes a second, a write each millisecond at most
//        log_lines read COUNT <TERMINAL        until COUNT lines were seen that were written since; prints `lines p50
//        p99 worst`, in ms; says
//                                              `reading` on stderr when the first text comes
// The times are of the monotonic clock, which all processes of a machine share.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::string_view kMark = "written=";

long long now_ns() { return steady_clock::now().time_since_epoch() / 1ns; }

int write_lines(long rate, long seconds) {
  const auto begin = steady_clock::now();
  const auto tick = std::max<steady_clock::duration>(1ms, 1s / rate);
  const std::string padding(150, 'x');
  std::string lines;
  long written = 0;
  for (auto next = begin; written < rate * seconds; next += tick) {
    std::this_thread::sleep_until(next);
    const long due = std::min<long>(rate * seconds, static_cast<long>((next + tick - begin) * rate / 1s));
    lines.clear();
    for (; written < due; ++written) {
      fmt::format_to(std::back_inserter(lines), "{:>10} {} {}{}\n", written, padding, kMark, now_ns());
    }
    for (std::string_view rest = lines; !rest.empty();) {
      const auto count = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (count < 0) return 1;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  return 0;
}

int read_lines(std::size_t count) {
  std::vector<double> ages;
  ages.reserve(count);
  std::string text;
  std::vector<char> piece(1 << 16);
  bool begun = false;
  const long long since = now_ns();
  while (ages.size() < count) {
    const auto got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got <= 0) break;
    if (!begun) fmt::print(stderr, "reading\n");
    begun = true;
    const long long now = now_ns();
    text.append(piece.data(), static_cast<std::size_t>(got));
    std::size_t done = 0;
    for (std::size_t end; (end = text.find('\n', done)) != std::string::npos; done = end + 1) {
      const std::string_view line = std::string_view(text).substr(done, end - done);
      const auto mark = line.find(kMark);
      if (mark == std::string_view::npos) continue;
      const std::string_view digits = line.substr(mark + kMark.size());
      long long written = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), written).ec != std::errc{}) continue;
      if (written >= since) ages.push_back(static_cast<double>(now - written) / 1e6);
    }
    text.erase(0, done);
  }
  if (ages.empty()) return 1;
  std::sort(ages.begin(), ages.end());
  const auto part = [&ages](double p) {
    return ages[static_cast<std::size_t>(p * static_cast<double>(ages.size() - 1))];
  };
  fmt::print("{} {:.2f} {:.2f} {:.2f}\n", ages.size(), part(0.5), part(0.99), ages.back());
  return ages.size() < count ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "write" && argc == 4) return write_lines(std::stol(argv[2]), std::stol(argv[3]));
  if (mode == "read" && argc == 3) return read_lines(std::stoul(argv[2]));
  fmt::print(stderr, "usage: log_lines write RATE SECONDS | log_lines read COUNT\n");
  return 2;
}
