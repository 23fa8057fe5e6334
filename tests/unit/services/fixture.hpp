// A temporary folder, a log that is kept, and processes looked at.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../rpc/run.hpp"
#include "../temporary_folder.hpp"
#include "base/log_sink.hpp"
#include "services/service_folder.hpp"

namespace p2p::test {

/// A service's folder as a node reads it.
inline Result<services::ServiceFolder> load(const std::filesystem::path& folder) {
  auto manifest = services::read_manifest(folder);
  if (!manifest) return manifest.error();
  return services::load_service_folder(folder, std::move(*manifest));
}

inline std::set<std::string> open_descriptors() {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone) out.insert(entry.path().filename().string() + " " + target.string());
  }
  return out;
}

class KeptLog final : public LogSink {
 public:
  struct Line {
    LogLevel level;
    std::string logger, message;
  };
  std::atomic<LogLevel> least = LogLevel::debug;
  bool enabled(LogLevel level) const noexcept override { return level >= least; }
  void write(LogLevel level, std::string_view logger, std::string message) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back({level, std::string(logger), std::move(message)});
  }
  std::vector<Line> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool has(std::string_view logger, std::string_view part) const {
    for (const Line& line : lines()) {
      if (line.logger == logger && line.message.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

/// Runs: a zombie that nobody has reaped yet does not.
inline bool alive(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return file >> number >> name >> state && state != "Z" && state != "X";
}

/// Waits for a condition that the kernel brings about, within a generous bound.
template <class Condition>
bool becomes_true(Condition condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace p2p::test
