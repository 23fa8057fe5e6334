#include "logs/sources/file_follower.hpp"

#include <fnmatch.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"
#include "logs/sources/file_position.hpp"
#include "logs/sources/folder_events.hpp"
#include "logs/sources/followed_file.hpp"
#include "logs/sources/log_paths.hpp"
#include "logs/sources/position_file.hpp"

namespace p2p::logs {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kScanInterval{1000};
/// Folders in which files come and go all the time are not looked through more often.
constexpr milliseconds kMinScanInterval{50};
/// Changes of this time are read at once; a line is still there long before 100 ms are over.
constexpr milliseconds kBatchPause{3};
constexpr milliseconds kNoRoomPause{50};
constexpr std::chrono::seconds kSaveInterval{30};
/// How long a file that may become a copy of another is not read.
constexpr std::chrono::seconds kCopyPatience{5};
constexpr std::size_t kMaxComplaints = 1000;

}  // namespace

class FileFollower::Impl {
 public:
  Impl(FollowOptions options, SourceSink& sink, const Clock& clock, LogSink& log)
      : options_(std::move(options)), sink_(sink), clock_(clock), log_(log, "Files"), state_(options_.state_file) {}

  void start();
  void stop();

 private:
  using Files = std::list<FollowedFile>;
  /// What the patterns match now: keys, and which of them has a path.
  struct Matched {
    std::set<std::string> keys;
    std::map<std::string, std::string> by_path;
  };

  void run();
  void wait();
  bool read_round();
  void scan();
  void meet(const MatchedPath& path, bool is_new_pattern, Matched& matched);
  std::optional<std::uint64_t> offset_of(const LogFile& file, bool is_new_pattern);
  bool is_copy(const LogFile& file) const;
  bool is_undecided(const LogFile& file);
  bool any_original(const LogFile& file, const std::function<bool(const std::string&)>& holds) const;
  FollowedFile& follow(LogFile file, std::uint64_t offset, bool is_replaced);
  void let_go(const Matched& matched);
  Files::iterator end_of_replaced();
  void adopt_renamed();
  void adopt_leftovers();
  std::optional<LogFile> find_copy(const std::string& path, const std::function<bool(const LogFile&)>& fits);
  void adopt_copy(LogFile copy, const std::string& path, std::uint64_t offset);
  void handle_truncation(FollowedFile& file);
  std::optional<FilePosition> known_position(const std::string& key) const;
  FollowedFile* find(const std::string& key);
  bool matches(const std::string& path) const;
  std::shared_ptr<const re2::RE2> multiline_of(const std::string& path) const;
  void save(bool settle);
  void save_state();
  void complain(const std::string& path, const std::string& what);

  const FollowOptions options_;
  SourceSink& sink_;
  const Clock& clock_;
  Logger log_;
  FolderEvents events_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  // Of the thread.
  PositionFile state_;
  Files files_;  // those that were replaced come first, as they are read first
  std::map<std::string, Monotonic> undecided_;
  std::set<std::string> copies_;                // keys; they are not read
  std::map<std::string, std::string> settled_;  // positions a while ago: the spool has them for sure
  std::set<std::string> complaints_;
  std::vector<FolderEvents::Rename> renames_;          // since the last scan
  std::vector<FolderEvents::Rename> earlier_renames_;  // those before, of earlier_renames_at_
  Monotonic next_scan_{}, next_save_{}, earlier_renames_at_{};
};

void FileFollower::Impl::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "log-files");
    run();
  });
}

void FileFollower::Impl::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  events_.stop();
  thread_.join();
}

void FileFollower::Impl::run() {
  if (const auto loaded = state_.load(); !loaded)
    log_.warning("{}: what files held until now is left out", loaded.error().context);
  std::erase_if(state_.known, [&](const auto& pattern) {
    return std::find(options_.patterns.begin(), options_.patterns.end(), pattern) == options_.patterns.end();
  });
  scan();
  adopt_leftovers();
  log_.info("following {} of {}", files_.size() == 1 ? "1 file" : fmt::format("{} files", files_.size()),
            join(options_.patterns, ", "));
  next_save_ = clock_.monotonic() + kSaveInterval;
  while (!stopping_) {
    if (clock_.monotonic() >= next_scan_) scan();
    const bool more = read_round();
    if (clock_.monotonic() >= next_save_) save(true);
    if (!more) wait();
    if (more && !sink_.has_room()) events_.pause(kNoRoomPause);
  }
  save(false);
}

void FileFollower::Impl::wait() {
  const Monotonic now = clock_.monotonic();
  Monotonic until = next_scan_;
  for (const auto& file : files_) until = std::min(until, file.stale_at().value_or(until));
  const auto left = std::chrono::ceil<milliseconds>(until - now);
  if (left <= milliseconds{0}) return;
  auto changes = events_.wait(left);
  std::move(changes.renames.begin(), changes.renames.end(), std::back_inserter(renames_));
  if (changes.names) next_scan_ = std::min(next_scan_, now + kMinScanInterval);
  if (changes.names || changes.content) events_.pause(kBatchPause);
}

/// Reads all files a bit; whether there is more. A replaced file is read to its end before the one that has its name
/// now, of which only so much is read as was there before, and what a rotated one held when it was met before the log
/// that it was: so lines come in the order in which they were written.
bool FileFollower::Impl::read_round() {
  const Monotonic now = clock_.monotonic();
  for (auto& file : files_) {
    if (!file.replaced_since && file.look(now) == FollowedFile::State::truncated) handle_truncation(file);
  }
  bool more = false;
  std::set<std::string> unfinished;
  for (auto& file : files_) {
    if (unfinished.contains(file.log_path)) continue;
    if (file.replaced_since && file.look(now) == FollowedFile::State::truncated) handle_truncation(file);
    const bool has_more = file.read(sink_);
    if (has_more && (file.replaced_since || file.is_behind())) unfinished.insert(file.log_path);
    more = more || has_more;
    if (!has_more) file.submit_stale(sink_, now);
    if (stopping_) return false;
  }
  return more;
}

void FileFollower::Impl::scan() {
  const Monotonic now = clock_.monotonic();
  next_scan_ = now + kScanInterval;
  Matched matched;
  std::set<std::string> folders;
  bool met_pattern = false;
  for (const auto& pattern : options_.patterns) {
    const bool is_new = !state_.known.contains(pattern);
    folders.insert(folder_of(pattern));
    for (const auto& path : paths_of(pattern)) {
      folders.insert(folder_of(path.path));
      meet(path, is_new, matched);
    }
    if (is_new) met_pattern = state_.known.insert(pattern).second;
  }
  // Positions at the end of files that were there first must outlive this process before anything is read.
  if (met_pattern) save_state();
  let_go(matched);
  adopt_renamed();
  events_.watch(folders);
}

/// Looks at a file that matches, and follows it unless it is followed already.
void FileFollower::Impl::meet(const MatchedPath& found, bool is_new_pattern, Matched& matched) {
  const std::string& path = found.path;
  if (is_compressed_name(path)) return;
  auto file = open_log_file(path);
  if (!file) {
    // Folders and sockets match patterns such as /var/log/* too.
    if (file.error().kind() != Errc::not_found && file.error().kind() != Errc::invalid)
      complain(path, file.error().context);
    return;
  }
  matched.by_path[path] = file->key;
  if (!matched.keys.insert(file->key).second || find(file->key) != nullptr) return;
  if (files_.size() >= kMaxFollowedFiles) {
    complain(path, fmt::format("{} is not followed: {} files are", path, files_.size()));
    return;
  }
  const auto offset = offset_of(*file, is_new_pattern);
  if (!offset) return;
  state_.positions.try_emplace(file->key, position_at(*offset, file->head).to_text());
  follow(std::move(*file), *offset, false).log_path = found.log;
  // What was rotated away is read before what stands in its place.
  const auto log = std::find_if(files_.begin(), files_.end(),
                                [&](const auto& other) { return !other.replaced_since && other.path() == found.log; });
  files_.splice(log, files_, std::prev(files_.end()));
}

/// Where a file that is met is read from; nothing when it is not read, or not yet.
std::optional<std::uint64_t> FileFollower::Impl::offset_of(const LogFile& file, bool is_new_pattern) {
  if (const auto known = known_position(file.key)) {
    if (known->fits(file.head, file.size)) return known->offset;
    // Truncated, or another file that got the inode.
    const auto fits = [&](const LogFile& copy) { return known->head_bytes > 0 && known->fits(copy.head, copy.size); };
    state_.positions.erase(file.key);
    if (auto copy = find_copy(file.path, fits)) adopt_copy(std::move(*copy), file.path, known->offset);
    return 0;
  }
  if (is_new_pattern) return file.size;
  if (!copies_.contains(file.key) && !is_copy(file)) return is_undecided(file) ? std::nullopt : std::make_optional(0);
  copies_.insert(file.key);
  state_.positions[file.key] = position_at(file.size, file.head).to_text();
  return {};
}

/// Whether it is what `copytruncate` leaves beside a file that is followed.
bool FileFollower::Impl::is_copy(const LogFile& file) const {
  return any_original(file, [&](const std::string& head) { return file.head.starts_with(head); });
}

/// Whether it may become a copy once more of it is there.
bool FileFollower::Impl::is_undecided(const LogFile& file) {
  const Monotonic now = clock_.monotonic();
  return any_original(file, [&](const std::string& head) { return head.starts_with(file.head); }) &&
         now - undecided_.try_emplace(file.key, now).first->second < kCopyPatience;
}

/// Asks for what each file begins, or began, with, of which this one may be a copy.
bool FileFollower::Impl::any_original(const LogFile& file, const std::function<bool(const std::string&)>& holds) const {
  const std::string folder = folder_of(file.path), name = name_of(file.path);
  return std::any_of(files_.begin(), files_.end(), [&](const FollowedFile& other) {
    return folder_of(other.path()) == folder && is_name_of_rotated(name, name_of(other.path())) &&
           ((!other.head().empty() && holds(other.head())) ||
            (!other.previous_head().empty() && holds(other.previous_head())));
  });
}

FollowedFile& FileFollower::Impl::follow(LogFile file, std::uint64_t offset, bool is_replaced) {
  const Monotonic now = clock_.monotonic();
  auto start = multiline_of(file.path);
  undecided_.erase(file.key);
  copies_.erase(file.key);
  auto& followed =
      *files_.emplace(is_replaced ? end_of_replaced() : files_.end(), std::move(file), offset, std::move(start), now);
  if (is_replaced) followed.replaced_since = now;
  return followed;
}

/// Notes whose name another file has now, or none, and closes what matches no more and has not grown for long.
void FileFollower::Impl::let_go(const Matched& matched) {
  const Monotonic now = clock_.monotonic();
  for (auto at = files_.begin(); at != files_.end();) {
    const auto file = at++;
    const auto named = matched.by_path.find(file->path());
    if (named != matched.by_path.end() && named->second == file->key()) {
      file->replaced_since.reset();
    } else if (!file->replaced_since) {
      file->replaced_since = now;
      files_.splice(end_of_replaced(), files_, file);
    }
    const bool is_over = file->replaced_since && !matched.keys.contains(file->key()) && !file->stale_at() &&
                         now - std::max(*file->replaced_since, file->last_growth()) > kReplacedPatience;
    if (is_over) files_.erase(file);
  }
  std::erase_if(undecided_, [&](const auto& one) { return !matched.keys.contains(one.first); });
  std::erase_if(copies_, [&](const auto& key) { return !matched.keys.contains(key); });
}

/// The place of a file that has just lost its name: behind those that lost it earlier.
FileFollower::Impl::Files::iterator FileFollower::Impl::end_of_replaced() {
  return std::find_if(files_.begin(), files_.end(), [](const auto& one) { return !one.replaced_since; });
}

/// What had a name that matches, and lost it before it was met, is read from its start.
void FileFollower::Impl::adopt_renamed() {
  if (renames_.empty()) return;
  // A file that was renamed again before it could be opened is found now, by the name it got then.
  const Monotonic now = clock_.monotonic();
  std::vector<FolderEvents::Rename> renames;
  if (now - earlier_renames_at_ < kReplacedPatience) renames = std::move(earlier_renames_);
  renames.insert(renames.end(), renames_.begin(), renames_.end());
  earlier_renames_ = std::exchange(renames_, {});
  earlier_renames_at_ = now;
  for (auto at = renames.begin(); at != renames.end(); ++at) {
    const auto& rename = *at;
    if (!matches(rename.from) || is_compressed_name(rename.from)) continue;
    std::string path = rename.to;  // and the names that it got after that
    for (auto later = std::next(at); later != renames.end(); ++later) {
      if (later->from == path) path = later->to;
    }
    auto file = open_log_file(path);
    if (!file || find(file->key) != nullptr || copies_.contains(file->key) || files_.size() >= kMaxFollowedFiles)
      continue;
    const auto known = known_position(file->key);
    if (known && known->fits(file->head, file->size)) continue;  // read, and let go of
    file->path = rename.from;
    state_.positions[file->key] = position_at(0, file->head).to_text();
    follow(std::move(*file), 0, true);
  }
}

/// What was rotated away while nobody looked is read to its end, and so is what was made and rotated away after it.
void FileFollower::Impl::adopt_leftovers() {
  std::map<std::string, std::vector<std::string>> followed;  // paths by folder
  for (const auto& file : files_) followed[folder_of(file.path())].push_back(file.path());
  for (const auto& pattern : options_.patterns) followed.try_emplace(folder_of(pattern));
  for (const auto& [folder, paths] : followed) {
    std::set<std::string> known_logs;  // logs of which a rotated file is known: those written later are not read yet
    for (const auto& path : files_by_age(folder)) {
      auto file = open_log_file(path);
      if (!file || find(file->key) != nullptr || files_.size() >= kMaxFollowedFiles) continue;
      for (const auto& original : paths) {
        if (is_name_of_rotated(name_of(path), name_of(original))) file->path = original;
      }
      const auto position = known_position(file->key);
      const bool is_known = position && position->fits(file->head, file->size);
      if (is_known && file->path != path) known_logs.insert(file->path);
      const bool is_new = !is_known && known_logs.contains(file->path) && !matches(path);
      if (is_known ? position->offset == file->size : !is_new) continue;
      const std::uint64_t offset = is_known ? position->offset : 0;
      if (!is_known) state_.positions[file->key] = position_at(0, file->head).to_text();
      follow(std::move(*file), offset, true);
    }
  }
}

std::optional<LogFile> FileFollower::Impl::find_copy(const std::string& path,
                                                     const std::function<bool(const LogFile&)>& fits) {
  auto paths = files_by_age(folder_of(path));
  std::reverse(paths.begin(), paths.end());
  for (const auto& other : paths) {
    if (!is_name_of_rotated(name_of(other), name_of(path))) continue;
    auto file = open_log_file(other);
    if (file && find(file->key) == nullptr && fits(*file)) return std::move(*file);
  }
  return {};
}

void FileFollower::Impl::adopt_copy(LogFile copy, const std::string& path, std::uint64_t offset) {
  const auto known = sink_.position_of(copy.key);
  const auto position = known ? parse_file_position(*known) : std::nullopt;
  if (position && position->fits(copy.head, copy.size)) offset = std::max(offset, position->offset);
  copy.path = path;
  state_.positions[copy.key] = position_at(offset, copy.head).to_text();
  save_state();
  follow(std::move(copy), offset, true);
}

void FileFollower::Impl::handle_truncation(FollowedFile& file) {
  const std::uint64_t offset = file.position().offset;
  const auto fits = [&](const LogFile& copy) {
    return !file.head().empty() && copy.size >= offset && copy.head.starts_with(file.head());
  };
  auto copy = find_copy(file.path(), fits);
  file.begin_again(sink_, copy.has_value(), clock_.monotonic());
  if (copy) adopt_copy(std::move(*copy), file.path(), offset);
}

std::optional<FilePosition> FileFollower::Impl::known_position(const std::string& key) const {
  if (const auto taken = sink_.position_of(key)) return parse_file_position(*taken);
  const auto saved = state_.positions.find(key);
  if (saved == state_.positions.end() || copies_.contains(key)) return {};
  return parse_file_position(saved->second);
}

FollowedFile* FileFollower::Impl::find(const std::string& key) {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& file) { return file.key() == key; });
  return found == files_.end() ? nullptr : &*found;
}

bool FileFollower::Impl::matches(const std::string& path) const {
  return std::any_of(options_.patterns.begin(), options_.patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
  });
}

std::shared_ptr<const re2::RE2> FileFollower::Impl::multiline_of(const std::string& path) const {
  for (const auto& rule : options_.multiline) {
    if (glob_match(rule.glob, path)) return rule.start;
  }
  return nullptr;
}

/// Positions in the file are never newer than those of the spool, which come first.
void FileFollower::Impl::save(bool settle) {
  next_save_ = clock_.monotonic() + kSaveInterval;
  std::map<std::string, std::string> kept, now;
  for (const auto& file : files_) {
    now[file.key()] = file.position().to_text();
    const auto settled = settled_.find(file.key());
    if (settled != settled_.end())
      kept.insert(*settled);
    else if (const auto old = state_.positions.find(file.key()); old != state_.positions.end())
      kept.insert(*old);
  }
  for (const auto& key : copies_) kept.insert(*state_.positions.find(key));
  state_.positions = std::move(kept);
  if (settle) settled_ = std::move(now);
  save_state();
}

void FileFollower::Impl::save_state() {
  if (const auto saved = state_.save(); !saved) complain(options_.state_file, saved.error().context);
}

/// Once for each file, not each time that it is looked at.
void FileFollower::Impl::complain(const std::string& path, const std::string& what) {
  if (complaints_.size() < kMaxComplaints && complaints_.insert(path).second) log_.warning("{}", what);
}

FileFollower::FileFollower(FollowOptions options, SourceSink& sink, const Clock& clock, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), sink, clock, log)) {}
FileFollower::~FileFollower() { impl_->stop(); }
void FileFollower::start() { impl_->start(); }
void FileFollower::stop() { impl_->stop(); }

}  // namespace p2p::logs
