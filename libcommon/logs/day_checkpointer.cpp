#include "logs/day_checkpointer.hpp"

#include <pthread.h>

#include <utility>

#include "base/sqlite.hpp"

namespace p2p::logs {

DayCheckpointer::DayCheckpointer() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "log-checkpoint");
    run();
  });
}

DayCheckpointer::~DayCheckpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DayCheckpointer::committed(const std::filesystem::path& path, std::uint64_t size_bytes) {
  if (path != path_) {
    path_ = path;
    size_bytes_ = size_bytes;
  }
  if (size_bytes < size_bytes_ + kCheckpointBytes) return;
  size_bytes_ = size_bytes;
  {
    const std::lock_guard lock(mutex_);
    due_ = path;
  }
  wake_.notify_one();
}

void DayCheckpointer::finished(const std::filesystem::path& path) {
  {
    const std::lock_guard lock(mutex_);
    finished_.push_back(path);
  }
  wake_.notify_one();
}

void DayCheckpointer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || due_ || !finished_.empty(); });
    if (stopping_) return;
    const bool is_finished = !due_;
    const auto path = is_finished ? finished_.front() : *std::exchange(due_, std::nullopt);
    if (is_finished) finished_.pop_front();
    lock.unlock();
    // What fails here the writer meets itself, and says it. Readers end within kScanBudget, for which this waits.
    if (auto day = Database::open(path, Database::Mode::write))
      (void)day->execute(is_finished ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)");
    lock.lock();
  }
}

}  // namespace p2p::logs
