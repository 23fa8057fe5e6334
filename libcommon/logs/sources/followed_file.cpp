#include "logs/sources/followed_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/json.hpp"

namespace p2p::logs {
namespace {

constexpr std::size_t kChunkBytes = 64 << 10;

std::string read_head(int descriptor) {
  std::array<char, kHeadBytes> head;
  const ssize_t count = ::pread(descriptor, head.data(), head.size(), 0);
  return {head.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

std::string logger_of(const std::string& path) { return "File." + std::filesystem::path(path).filename().string(); }

}  // namespace

Result<LogFile> open_log_file(const std::string& path) {
  // O_NONBLOCK: a named pipe without a writer would be waited for.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor) return system_error(errno, path);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return system_error(errno, path);
  if (!S_ISREG(status.st_mode)) return Error(Errc::invalid, path + " is no regular file");
  LogFile out;
  out.path = path;
  out.key = file_key(std::filesystem::path(path).parent_path().string(), status.st_ino);
  out.size = static_cast<std::uint64_t>(status.st_size);
  out.head = read_head(descriptor.get());
  out.descriptor = std::move(descriptor);
  return out;
}

FollowedFile::FollowedFile(LogFile file, std::uint64_t offset, std::shared_ptr<const re2::RE2> start, Monotonic now)
    : log_path(file.path),
      file_(std::move(file)),
      logger_name_(logger_of(file_.path)),
      attrs_(dump_json(Json{{"path", clean_text(file_.path, kMaxMessageBytes / 8)}})),
      start_(std::move(start)),
      cutter_(offset),
      joiner_(start_),
      submitted_(offset),
      backlog_end_(file_.size),
      last_growth_(now) {}

FollowedFile::State FollowedFile::look(Monotonic now) {
  struct stat status {};
  if (::fstat(file_.descriptor.get(), &status) != 0) return State::same;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto changed = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  if (size == seen_ && changed == changed_) return size == cutter_.offset() ? State::same : State::grown;
  if (size < cutter_.offset()) return State::truncated;
  // Truncated and written anew up to the old end or past it, it begins differently.
  std::string head = read_head(file_.descriptor.get());
  if (!head.starts_with(file_.head)) return State::truncated;
  file_.head = std::move(head);
  if (size != seen_) last_growth_ = now;
  seen_ = size;
  changed_ = changed;
  return size == cutter_.offset() ? State::same : State::grown;
}

bool FollowedFile::read(SourceSink& sink) {
  std::array<char, kChunkBytes> chunk;
  for (std::size_t taken = 0; taken < kBytesPerTurn && cutter_.offset() < seen_;) {
    if (!sink.has_room()) return true;
    const std::size_t wanted = std::min<std::uint64_t>(chunk.size(), seen_ - cutter_.offset());
    const ssize_t count = ::pread(file_.descriptor.get(), chunk.data(), wanted, static_cast<off_t>(cutter_.offset()));
    if (count <= 0) return false;  // truncated under our hands, or unreadable; the next look tells
    for (auto& line : cutter_.feed({chunk.data(), static_cast<std::size_t>(count)})) take(std::move(line), sink);
    taken += static_cast<std::size_t>(count);
  }
  return cutter_.offset() < seen_;
}

void FollowedFile::take(FileLine line, SourceSink& sink) {
  if (auto event = joiner_.add(std::move(line))) submit(std::move(*event), sink);
}

void FollowedFile::submit(FileLine event, SourceSink& sink) {
  LogRecord record;
  record.level = levels_.next(event.text);
  record.logger_name = logger_name_;
  record.attrs = attrs_;
  record.message = std::move(event.text);
  if (event.bytes > record.message.size()) cut_message(record, event.bytes);
  submitted_ = event.end;
  sink.submit(std::move(record), {file_.key, position().to_text()});
}

std::optional<Monotonic> FollowedFile::stale_at() const {
  if (cutter_.has_partial()) return last_growth_ + kPartialPatience;
  if (joiner_.has_pending()) return last_growth_ + kEventPatience;
  return {};
}

void FollowedFile::submit_stale(SourceSink& sink, Monotonic now) {
  if (cutter_.has_partial() && now >= last_growth_ + kPartialPatience) take(*cutter_.finish(), sink);
  if (!joiner_.has_pending() || now < last_growth_ + kEventPatience || cutter_.has_partial()) return;
  if (auto event = joiner_.finish()) submit(std::move(*event), sink);
}

void FollowedFile::begin_again(SourceSink& sink, bool drop_begun, Monotonic now) {
  if (!drop_begun) {
    if (auto line = cutter_.finish()) take(std::move(*line), sink);
    if (auto event = joiner_.finish()) submit(std::move(*event), sink);
  }
  previous_head_ = std::exchange(file_.head, read_head(file_.descriptor.get()));
  cutter_ = LineCutter(0);
  joiner_ = LineJoiner(start_);
  submitted_ = seen_ = backlog_end_ = 0;
  look(now);
}

}  // namespace p2p::logs
