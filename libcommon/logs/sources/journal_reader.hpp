// Reads the systemd journal as it grows, on a thread of its own. Its cursor is the position of the source `journal`, so
// that nothing is lost or repeated.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "logs/sources/source_sink.hpp"

namespace p2p::logs {

struct JournalOptions {
  std::filesystem::path directory{};  ///< of journal files; empty: those of this machine
  std::filesystem::path state_file;   ///< a PositionFile
};

/// start() and stop() belong to one thread.
class JournalReader {
 public:
  /// All must outlive it.
  JournalReader(JournalOptions options, SourceSink& sink, const Clock& clock, LogSink& log);
  ~JournalReader();  ///< stop()

  /// What the journal holds at the very first start is left out. A journal that cannot be read is said in the log.
  void start();
  /// Ends within kJournalWait: what is not read yet is read after the next start.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::chrono::milliseconds kJournalWait{200};

}  // namespace p2p::logs
