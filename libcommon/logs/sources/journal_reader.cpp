#include "logs/sources/journal_reader.hpp"

#include <pthread.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "logs/sources/journal_entry.hpp"
#include "logs/sources/position_file.hpp"

namespace p2p::logs {
namespace {

constexpr char kSource[] = "journal";
/// Of a field, what is read at most: a core dump is one field.
constexpr std::size_t kFieldBytes = 4 * kMaxMessageBytes;
constexpr std::chrono::seconds kJournalSaveInterval{30};
constexpr std::chrono::milliseconds kJournalNoRoomPause{50};
constexpr std::chrono::seconds kReopenPause{5};

struct JournalDeleter {
  void operator()(sd_journal* journal) const noexcept { ::sd_journal_close(journal); }
};
using JournalPtr = std::unique_ptr<sd_journal, JournalDeleter>;

JournalOwner own_process() {
  JournalOwner out{{}, std::to_string(::getpid())};
  char* unit = nullptr;
  if (::sd_pid_get_unit(0, &unit) >= 0) out.unit = unit;
  std::free(unit);
  return out;
}

std::string cursor_of(sd_journal* journal) {
  char* cursor = nullptr;
  if (::sd_journal_get_cursor(journal, &cursor) < 0) return {};
  std::string out = cursor;
  std::free(cursor);
  return out;
}

JournalFields read_fields(sd_journal* journal) {
  JournalFields out;
  const void* data = nullptr;
  std::size_t size = 0;
  ::sd_journal_restart_data(journal);
  while (::sd_journal_enumerate_available_data(journal, &data, &size) > 0) {
    const std::string_view text(static_cast<const char*>(data), size);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_wanted_field(text.substr(0, equals))) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace

class JournalReader::Impl {
 public:
  Impl(JournalOptions options, SourceSink& sink, const Clock& clock, LogSink& log)
      : options_(std::move(options)),
        sink_(sink),
        clock_(clock),
        log_(log, "Journal"),
        state_(options_.state_file),
        own_(own_process()) {}

  void start() {
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "log-journal");
      run();
    });
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run();
  JournalPtr open();
  bool seek(sd_journal* journal);
  void begin_at_end(sd_journal* journal);
  void follow(sd_journal* journal, bool is_at_news);
  void submit(sd_journal* journal);
  void save();
  void say(const char* what, int failed) { log_.error("{}: {}", what, std::strerror(-failed)); }
  void pause(std::chrono::milliseconds time);

  const JournalOptions options_;
  SourceSink& sink_;
  const Clock& clock_;
  Logger log_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  // Of the thread.
  PositionFile state_;
  const JournalOwner own_;
  std::string position_;  // the newest that was submitted
  std::string settled_;   // the same a while ago: the spool has it for sure
  Monotonic next_save_{};
  bool has_complained_ = false;
};

void JournalReader::Impl::run() {
  if (const auto loaded = state_.load(); !loaded)
    log_.warning("{}: what the journal held until now is left out", loaded.error().context);
  while (!stopping_) {
    if (const auto journal = open()) {
      const bool is_at_news = seek(journal.get());
      follow(journal.get(), is_at_news);
    }
    if (!stopping_) pause(kReopenPause);
  }
  save();
}

JournalPtr JournalReader::Impl::open() {
  sd_journal* opened = nullptr;
  const auto& folder = options_.directory;
  const int failed = folder.empty() ? ::sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY)
                                    : ::sd_journal_open_directory(&opened, folder.c_str(), 0);
  JournalPtr out(opened);
  if (failed < 0) {
    if (!std::exchange(has_complained_, true)) say("the journal cannot be opened", failed);
    return nullptr;
  }
  ::sd_journal_set_data_threshold(opened, kFieldBytes);
  ::sd_journal_seek_head(opened);
  const bool is_empty = ::sd_journal_next(opened) == 0;
  if (is_empty && !std::exchange(has_complained_, true))
    log_.warning("the journal is empty, or may not be read: its readers are root and the group systemd-journal");
  return out;
}

/// Goes to the last entry that was taken, or, where it is gone, to the one after it: then true.
bool JournalReader::Impl::seek(sd_journal* journal) {
  auto position = sink_.position_of(kSource);
  if (!position) {
    const auto saved = state_.positions.find(kSource);
    if (saved == state_.positions.end()) {
      begin_at_end(journal);
      return false;
    }
    position = saved->second;
  }
  if (position->empty() || ::sd_journal_seek_cursor(journal, position->c_str()) < 0) {
    ::sd_journal_seek_head(journal);
    return false;
  }
  return ::sd_journal_next(journal) > 0 && ::sd_journal_test_cursor(journal, position->c_str()) == 0;
}

void JournalReader::Impl::begin_at_end(sd_journal* journal) {
  ::sd_journal_seek_tail(journal);
  // Empty: from the first entry that comes.
  state_.positions[kSource] = ::sd_journal_previous(journal) > 0 ? cursor_of(journal) : std::string();
  if (const auto saved = state_.save(); !saved) log_.warning("{}", saved.error().context);
  if (state_.positions[kSource].empty()) ::sd_journal_seek_head(journal);
}

/// Until the journal cannot be read any more, or stop().
void JournalReader::Impl::follow(sd_journal* journal, bool is_at_news) {
  log_.info("following the journal");
  if (is_at_news) submit(journal);
  while (!stopping_) {
    if (!sink_.has_room()) {
      pause(kJournalNoRoomPause);
      continue;
    }
    if (clock_.monotonic() >= next_save_) save();
    const int next = ::sd_journal_next(journal);
    if (next > 0) {
      submit(journal);
      continue;
    }
    const int woken = next < 0 ? next : ::sd_journal_wait(journal, std::chrono::microseconds(kJournalWait).count());
    if (woken < 0) return say("the journal cannot be read", woken);
  }
}

void JournalReader::Impl::submit(sd_journal* journal) {
  const auto fields = read_fields(journal);
  if (is_own_entry(fields, own_)) return;
  LogRecord record = record_of_journal(fields);
  if (record.timestamp == WallTime{}) {
    std::uint64_t microseconds = 0;
    if (::sd_journal_get_realtime_usec(journal, &microseconds) >= 0)
      record.timestamp = WallTime(std::chrono::microseconds(microseconds));
  }
  position_ = cursor_of(journal);
  sink_.submit(std::move(record), {kSource, position_});
}

/// Never newer than what the spool has, which comes first.
void JournalReader::Impl::save() {
  next_save_ = clock_.monotonic() + kJournalSaveInterval;
  if (!settled_.empty()) state_.positions[kSource] = settled_;
  settled_ = position_;
  if (const auto saved = state_.save(); !saved) log_.warning("{}", saved.error().context);
}

void JournalReader::Impl::pause(std::chrono::milliseconds time) {
  for (const auto until = std::chrono::steady_clock::now() + time;
       !stopping_ && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(time, kJournalWait));
}

JournalReader::JournalReader(JournalOptions options, SourceSink& sink, const Clock& clock, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), sink, clock, log)) {}
JournalReader::~JournalReader() { impl_->stop(); }
void JournalReader::start() { impl_->start(); }
void JournalReader::stop() { impl_->stop(); }

}  // namespace p2p::logs
