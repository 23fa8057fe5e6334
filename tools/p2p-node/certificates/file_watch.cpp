#include "file_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/file.hpp"

namespace p2p::node {

namespace asio = boost::asio;

FileWatch::FileWatch(std::vector<std::filesystem::path> files, std::function<void()> changed)
    : files_(std::move(files)), changed_(std::move(changed)) {
  note();
}

FileWatch::Stamps FileWatch::stamps() const {
  Stamps out;
  for (const auto& file : files_) {
    out.push_back(written_at(file).value_or(std::filesystem::file_time_type::min()));
  }
  return out;
}

void FileWatch::note() { told_stamps_ = seen_stamps_ = stamps(); }

void FileWatch::look() {
  auto now = stamps();
  const bool were_written = now != told_stamps_ && now == seen_stamps_;
  seen_stamps_ = std::move(now);
  if (!were_written) return;
  told_stamps_ = seen_stamps_;
  changed_();
}

asio::awaitable<void> FileWatch::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kEvery);
    co_await timer.async_wait(asio::use_awaitable);
    look();
  }
}

}  // namespace p2p::node
