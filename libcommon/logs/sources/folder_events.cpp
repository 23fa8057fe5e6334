#include "logs/sources/folder_events.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace p2p::logs {
namespace {
constexpr std::uint32_t kNameEvents =
    IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_Q_OVERFLOW;
constexpr std::size_t kMaxMovedAway = 1000;
}  // namespace

// Without inotify (its limit of instances is reached) the interval alone has to do.
FolderEvents::FolderEvents()
    : events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), stopped_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void FolderEvents::watch(const std::set<std::string>& folders) {
  for (const auto& folder : folders) {
    if (!events_ || watched_.size() >= kMaxWatchedFolders) return;
    // Adding again gives the same number, and a new one where the folder was replaced.
    const int number = ::inotify_add_watch(events_.get(), folder.c_str(), kNameEvents | IN_MODIFY | IN_ONLYDIR);
    if (number >= 0) watched_[number] = folder;
  }
}

FolderEvents::Changes FolderEvents::wait(std::chrono::milliseconds at_most) {
  std::array<pollfd, 2> waited{{{stopped_.get(), POLLIN, 0}, {events_.get(), POLLIN, 0}}};
  ::poll(waited.data(), waited.size(), static_cast<int>(at_most.count()));
  return drain();
}

void FolderEvents::pause(std::chrono::milliseconds time) {
  pollfd waited{stopped_.get(), POLLIN, 0};
  ::poll(&waited, 1, static_cast<int>(time.count()));
}

FolderEvents::Changes FolderEvents::drain() {
  Changes out;
  alignas(inotify_event) std::array<char, 16 << 10> chunk;
  for (ssize_t count; events_ && (count = ::read(events_.get(), chunk.data(), chunk.size())) > 0;) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event;
      std::memcpy(&event, chunk.data() + at, sizeof event);
      const char* name = chunk.data() + at + sizeof event;
      at += sizeof event + event.len;
      const auto folder = watched_.find(event.wd);
      if (event.len > 0 && folder != watched_.end()) {
        const std::string path = folder->second + "/" + name;
        if ((event.mask & IN_MOVED_FROM) != 0) moved_[event.cookie] = path;
        if ((event.mask & IN_MOVED_TO) != 0) {
          if (auto from = moved_.extract(event.cookie)) out.renames.push_back({std::move(from.mapped()), path});
        }
      }
      if ((event.mask & IN_IGNORED) != 0) watched_.erase(event.wd);
      if ((event.mask & kNameEvents) != 0) out.names = true;
      if ((event.mask & IN_MODIFY) != 0) out.content = true;
    }
  }
  // What went to folders that are not watched stays here.
  if (moved_.size() > kMaxMovedAway) moved_.clear();
  return out;
}

void FolderEvents::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stopped_.get(), &one, sizeof one);
}

}  // namespace p2p::logs
