#include "vault/sealed_writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace p2p::vault {
namespace {

/// What goes out in one system call. Smaller ones cost the disk, larger ones no longer fit the processor's cache.
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

/// Writes chunks on a thread of its own, while the next one is made: encryption and disk take turns otherwise. One
/// chunk is under way at a time.
class ChunkWriter {
 public:
  explicit ChunkWriter(WholeFile& file) : file_(file), thread_([this] { run(); }) {}
  ChunkWriter(const ChunkWriter&) = delete;
  ChunkWriter& operator=(const ChunkWriter&) = delete;
  ~ChunkWriter() {
    {
      const std::scoped_lock held(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Takes the chunk, and gives one that was written, for the next. Tells how the chunk before ended.
  Result<void> exchange(Bytes& chunk) {
    if (auto done = wait(); !done) return done;
    const std::scoped_lock held(mutex_);
    std::swap(chunk_, chunk);
    is_full_ = true;
    changed_.notify_all();
    return {};
  }

  /// Until everything is written. Throws what the disk threw.
  Result<void> wait() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [&] { return !is_full_; });
    if (thrown_) std::rethrow_exception(thrown_);
    return outcome_;
  }

 private:
  void run() {
    std::unique_lock held(mutex_);
    for (;;) {
      changed_.wait(held, [&] { return is_full_ || is_over_; });
      if (!is_full_) return;
      held.unlock();
      write();
      held.lock();
      is_full_ = false;
      changed_.notify_all();
    }
  }

  void write() noexcept {
    try {
      outcome_ = file_.write_through(chunk_);
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  WholeFile& file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_full_ = false, is_over_ = false;
  // Of the thread while `is_full_`, else of the caller.
  Bytes chunk_;
  Result<void> outcome_;
  std::exception_ptr thrown_;
  std::thread thread_;  ///< the last member, as it uses the others
};

class SealedWriter {
 public:
  SealedWriter(const Header& header, const Keys& keys, std::uint64_t archive_bytes, WholeFile& file)
      : header_(encode_header(header)),
        sealer_(keys.key, header.nonce, header_),
        chunk_(std::min<std::uint64_t>(archive_bytes, kChunkBytes)),
        file_(file) {}

  Result<void> begin() { return file_.write(header_); }

  Result<void> put(ByteView piece) {
    while (!piece.empty()) {
      if (used_ == chunk_.size()) {
        if (auto done = pass_on(); !done) return done;
      }
      const std::size_t size = std::min(piece.size(), chunk_.size() - used_);
      sealer_.seal(piece.first(size), chunk_.data() + used_);
      used_ += size;
      piece = piece.subspan(size);
    }
    return {};
  }

  Result<void> end() {
    if (behind_) {
      if (auto done = behind_->wait(); !done) return done;
      behind_.reset();
    }
    if (auto done = file_.write(ByteView(chunk_).first(used_)); !done) return done;
    return file_.write(sealer_.finish());
  }

 private:
  /// Only what is longer than a chunk is worth a thread.
  Result<void> pass_on() {
    if (!behind_) behind_.emplace(file_);
    if (auto done = behind_->exchange(chunk_); !done) return done;
    chunk_.resize(kChunkBytes);
    used_ = 0;
    return {};
  }

  HeaderBytes header_;
  crypto::AeadSealer sealer_;
  Bytes chunk_;  ///< ciphertext only
  std::size_t used_ = 0;
  WholeFile& file_;
  std::optional<ChunkWriter> behind_;
};

}  // namespace

Result<void> write_sealed(const Header& header, const Keys& keys, const Contents& contents, WholeFile& file) {
  const auto entries = contents.entries();
  const std::uint64_t size = archive_bytes(entries);
  if (auto done = file.reserve(kHeaderBytes + size + crypto::kAeadTagBytes); !done) return done;
  SealedWriter writer(header, keys, size, file);
  if (auto done = writer.begin(); !done) return done;
  const auto put = [&](ByteView piece) { return writer.put(piece); };
  if (auto done = write_archive(entries, put); !done) return done;
  return writer.end();
}

}  // namespace p2p::vault
