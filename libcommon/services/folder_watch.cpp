#include "services/folder_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

namespace p2p::services {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// An editor or a copy makes several events; the folder is read once they are over.
constexpr std::chrono::milliseconds kQuiet{50};
constexpr std::uint32_t kEvents =
    IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

struct FolderWatch::Impl {
  explicit Impl(const asio::any_io_executor& executor) : events(executor), timer(executor) {
    // Without inotify (its limit of instances is reached) the interval alone has to do.
    const int descriptor = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor >= 0) events.assign(descriptor);
  }

  void discard_events() {
    std::array<char, 16 * 1024> chunk;
    while (events.is_open() && ::read(events.native_handle(), chunk.data(), chunk.size()) > 0) {
    }
  }

  asio::posix::stream_descriptor events;
  asio::steady_timer timer;
  std::map<fs::path, int> watched;
};

FolderWatch::FolderWatch(const asio::any_io_executor& executor) : impl_(std::make_unique<Impl>(executor)) {}
FolderWatch::~FolderWatch() = default;

void FolderWatch::watch(const std::vector<fs::path>& folders) {
  if (!impl_->events.is_open()) return;
  const int descriptor = impl_->events.native_handle();
  std::map<fs::path, int> now;
  for (const fs::path& folder : folders) {
    // Adding again gives the same number, and a new one where the folder was replaced.
    if (const int number = ::inotify_add_watch(descriptor, folder.c_str(), kEvents); number >= 0) now[folder] = number;
  }
  for (const auto& [folder, number] : impl_->watched) {
    bool kept = false;
    for (const auto& [other, other_number] : now) kept = kept || other_number == number;
    if (!kept) ::inotify_rm_watch(descriptor, number);
  }
  impl_->watched = std::move(now);
}

asio::awaitable<void> FolderWatch::changed(std::chrono::milliseconds at_most) {
  impl_->timer.expires_after(at_most);
  if (!impl_->events.is_open()) co_return co_await impl_->timer.async_wait(asio::use_awaitable);
  auto reading = impl_->events.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred);
  auto expiring = impl_->timer.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(reading), std::move(expiring));
  const auto [order, read_failure, timer_failure] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 0 && !read_failure) {
    impl_->timer.expires_after(kQuiet);
    co_await impl_->timer.async_wait(asio::use_awaitable);
  }
  impl_->discard_events();
}

}  // namespace p2p::services
