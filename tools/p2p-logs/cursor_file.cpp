#include "cursor_file.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "logs/cursor.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;

/// More than any cursor has.
constexpr std::size_t kMaxCursorFileBytes = 256;
constexpr std::chrono::seconds kWriteInterval{1};

}  // namespace

CursorFile::~CursorFile() { (void)close(); }

void CursorFile::declare(cli::Options& options) {
  options.text("--cursor-file", "FILE", path_, "go on where this file says, and keep there how far it went");
}

Attempt<void> CursorFile::open() {
  if (!path_) return {};
  if (path_->empty()) return Failure(cli::kUsage, "--cursor-file: the name must not be empty");
  const auto content = read_file(*path_, kMaxCursorFileBytes);
  if (!content && content.error().kind() != Errc::not_found) {
    if (content.error().kind() != Errc::too_large) return content.error();
    return Failure(cli::kDamaged, *path_ + ": is no cursor file, and is left as it is");
  }
  const std::string text(content ? trim(*content) : std::string_view());
  if (!text.empty() && !parse_cursor(text))
    return Failure(cli::kDamaged, *path_ + ": is no cursor file, and is left as it is");
  // Writing would make a folder that was misspelt.
  const auto folder = std::filesystem::absolute(*path_).parent_path();
  if (!file_exists(folder)) return Failure(cli::kFailed, folder.string() + ": there is no such folder");
  cursor_ = kept_ = written_ = text;
  thread_ = std::thread([this] { run(); });
  return {};
}

void CursorFile::keep(std::string cursor) {
  if (!path_) return;
  const std::lock_guard lock(mutex_);
  kept_ = std::move(cursor);
  changed_.notify_one();
}

void CursorFile::write_now(std::unique_lock<std::mutex>& lock) {
  const std::string cursor = kept_;
  lock.unlock();
  const auto done = write_file(*path_, cursor + "\n", kSecretMode);
  lock.lock();
  failure_ = done ? std::nullopt : std::optional<Failure>(done.error());
  if (done) written_ = cursor;
}

void CursorFile::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    changed_.wait(lock, [this] { return closing_ || kept_ != written_; });
    if (kept_ != written_) write_now(lock);
    changed_.wait_for(lock, kWriteInterval, [this] { return closing_; });
  }
}

Attempt<void> CursorFile::close() {
  if (!thread_.joinable()) return {};
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_one();
  }
  thread_.join();
  std::unique_lock lock(mutex_);
  if (kept_ != written_) write_now(lock);
  if (failure_) return *failure_;
  return {};
}

Failure CursorFile::explain(Failure failure) const {
  const bool of_cursor = failure.exit_code == cli::kNotFound || failure.exit_code == cli::kUsage;
  if (of_cursor && !cursor_.empty() && failure.message.find(cursor_) != std::string::npos) {
    failure.message = *path_ + ": " + failure.message;
    failure.hint = "to go on with what is stored now: rm " + *path_;
  }
  return failure;
}

}  // namespace p2p::logs
