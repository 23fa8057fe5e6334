// What the tests of the disk spool share.
#pragma once

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>

#include "log_testing.hpp"
#include "logs/spool/disk_spool.hpp"

namespace p2p::logs {

/// A spool in a folder of its own, and its reader.
class SpoolFixture {
 public:
  TemporaryFolder folder{folder_without_sync()};
  SeededRandom random{next_seed()};
  CapturingSink sink;
  BootId boot{1, 2, 3};
  std::uint64_t max_bytes = 256 << 20;
  Disk* disk = &system_disk();
  std::unique_ptr<DiskSpool> spool;

  SpoolFixture() = default;
  ~SpoolFixture() { close(); }
  SpoolFixture(const SpoolFixture&) = delete;
  SpoolFixture& operator=(const SpoolFixture&) = delete;

  std::filesystem::path path() const { return folder.path() / "spool"; }
  void open() {
    close();
    DiskSpoolOptions options{path(), max_bytes, boot, {}};
    options.on_trouble = [this](const std::optional<std::string>& trouble) {
      const std::lock_guard lock(mutex_);
      trouble_ = trouble;
      ++changes_;
      changed_.notify_all();
    };
    auto opened = DiskSpool::open(std::move(options), random, sink, *disk);
    if (!opened) FAIL(opened.error().context);
    spool = std::move(*opened);
    spool->set_changed([this] {
      const std::lock_guard lock(mutex_);
      ++changes_;
      changed_.notify_all();
    });
  }
  void close() { spool.reset(); }

  void append(LogLevel level = LogLevel::info, std::size_t bytes = 100, const SourcePosition& position = {}) {
    const std::uint64_t seq = spool->last_seq() + 1;
    // The number in the text shows that contents are not exchanged.
    spool->append(seq, level, encode_item(make_record(seq, text_of(seq, bytes), level)), position);
  }
  static std::string text_of(std::uint64_t seq, std::size_t bytes = 100) {
    std::string out = std::to_string(seq) + " ";
    out.resize(std::max(out.size(), bytes), 'x');
    return out;
  }

  /// Waits for the spool's thread until it is so.
  void wait_until(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
      const std::uint64_t before = changes();
      if (is_so()) return;
      std::unique_lock lock(mutex_);
      // What is not told of, such as files, is looked at now and then.
      changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return changes_ != before; });
      if (std::chrono::steady_clock::now() > end) FAIL("the spool does not get that far");
    }
  }
  void wait_written() {
    const std::uint64_t last = spool->last_seq();
    // What is asked for is what comes to be ready; the first alone may be.
    wait_until([&] { return last == 0 || spool->ready_to(last) == last; });
  }
  std::optional<std::string> trouble() {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

  /// What is not acknowledged of the epoch, as a shipper reads it (and acknowledged when `moves_on`). Numbers rise
  /// without holes.
  std::vector<Item> read_all(bool moves_on = false) {
    std::vector<Item> out;
    std::uint64_t next = spool->first_seq();
    const std::uint64_t end = spool->epoch_end();
    while (next <= std::min(spool->last_seq(), end)) {
      wait_until([&] { return spool->ready_to(next) >= next; });
      const SpoolChunk chunk = spool->read_from(next, 64 << 10);
      REQUIRE(chunk.item_count > 0);
      const auto message = decode(encode_records("n", chunk.item_count, chunk.items));
      REQUIRE(message.has_value());
      for (const auto& item : std::get<RecordsMessage>(*message).items) {
        const auto* record = std::get_if<LogRecord>(&item);
        const auto* gap = std::get_if<Gap>(&item);
        REQUIRE((record != nullptr ? record->seq : gap->first_seq) == next);
        next = (record != nullptr ? record->seq : gap->last_seq) + 1;
        out.push_back(item);
      }
      REQUIRE(chunk.last_seq + 1 == next);
      if (moves_on) {
        spool->mark_sent(chunk.last_seq);
        spool->acknowledge(chunk.last_seq);
      }
    }
    return out;
  }

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(path())) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t out = 0;
    for (const auto& file : files()) {
      std::error_code is_gone;
      const auto size = std::filesystem::file_size(file, is_gone);
      if (!is_gone) out += size;
    }
    return out;
  }
  /// What a kill at this moment would leave.
  void copy_to(SpoolFixture& other) const {
    std::filesystem::remove_all(other.path());
    std::filesystem::copy(path(), other.path());
  }

 private:
  /// In memory, where there is such a place: thousands of spools are made.
  static std::filesystem::path folder_without_sync() {
    const char* const shared = "/dev/shm";
    return ::access(shared, W_OK) == 0 ? std::filesystem::path(shared) : std::filesystem::temp_directory_path();
  }
  /// Not the same epochs in two fixtures.
  static std::uint64_t next_seed() {
    static std::uint64_t seed = 0;
    return ++seed;
  }

  std::uint64_t changes() {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::optional<std::string> trouble_;
};

inline std::vector<std::uint64_t> rising(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out(last + 1 - first);
  std::iota(out.begin(), out.end(), first);
  return out;
}

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void spew(const std::filesystem::path& file, std::string_view content) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// The numbers of the records among items, and what gaps count.
struct Read {
  std::vector<std::uint64_t> seqs;
  LevelCounts kept{};
  LevelCounts lost{};
  std::uint64_t damaged = 0;

  explicit Read(const std::vector<Item>& items) {
    for (const auto& item : items) {
      if (const auto* record = std::get_if<LogRecord>(&item)) {
        seqs.push_back(record->seq);
        ++kept[static_cast<std::size_t>(record->level)];
        CHECK(record->message.starts_with(std::to_string(record->seq) + " "));
        continue;
      }
      const Gap& gap = std::get<Gap>(item);
      for (std::size_t i = 0; i < lost.size(); ++i) lost[i] += gap.lost[i];
      damaged += gap.damaged;
    }
  }
};

}  // namespace p2p::logs
