// sim: plays the membership scenario for many seeds; a seed whose registries do not become equal is printed and fails.
//   sim [--seeds N] [--first N] [--nodes N] | sim --seed N [-v]
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "scenario.hpp"

namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 200;
  std::uint64_t nodes = 100;
  bool trace = false;
};

bool read_number(const char* text, std::uint64_t& out) {
  if (text == nullptr) return false;
  const char* end = text + std::strlen(text);
  const auto [at, error] = std::from_chars(text, end, out);
  return error == std::errc{} && at == end;
}

bool read_options(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "-v") {
      out.trace = true;
      continue;
    }
    const char* value = i + 1 < argc ? argv[++i] : nullptr;
    bool fine = false;
    if (flag == "--seeds") fine = read_number(value, out.seeds);
    if (flag == "--first") fine = read_number(value, out.first);
    if (flag == "--nodes") fine = read_number(value, out.nodes) && out.nodes >= 2 && out.nodes <= 5000;
    if (flag == "--seed") {
      fine = read_number(value, out.first);
      out.seeds = 1;
    }
    if (!fine) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    fmt::print(stderr, "usage: sim [--seeds N] [--first N] [--nodes N] | sim --seed N [-v]\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t failed = 0, messages = 0;
  double longest = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const auto outcome = p2p::sim::play(seed, static_cast<int>(options.nodes), options.trace);
    messages += outcome.message_count;
    longest = std::max(longest, outcome.equal_after_seconds);
    if (outcome.equal) continue;
    ++failed;
    fmt::print("seed {} FAILED: {} (replay: sim --seed {} --nodes {} -v)\n", seed, outcome.difference, seed,
               options.nodes);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print(
      "{} seeds of {} nodes, {} failed; {} messages; equal at most {:.0f} simulated seconds after the last "
      "disturbance; {:.1f} s\n",
      options.seeds, options.nodes, failed, messages, longest, seconds);
  return failed == 0 ? 0 : 1;
}
