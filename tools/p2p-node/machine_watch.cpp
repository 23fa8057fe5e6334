#include "machine_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/file.hpp"

namespace p2p::node {

namespace asio = boost::asio;

MachineWatch::MachineWatch(std::vector<std::filesystem::path> files, std::vector<std::string> addresses, Hooks hooks)
    : files_(std::move(files)),
      hooks_(std::move(hooks)),
      told_addresses_(addresses),
      seen_addresses_(std::move(addresses)) {
  note_files();
}

MachineWatch::Stamps MachineWatch::stamps() const {
  Stamps out;
  for (const auto& file : files_) {
    out.push_back(written_at(file).value_or(std::filesystem::file_time_type::min()));
  }
  return out;
}

void MachineWatch::note_files() { told_stamps_ = seen_stamps_ = stamps(); }

void MachineWatch::look() {
  auto addresses = hooks_.addresses();
  const bool are_new = addresses != told_addresses_ && addresses == seen_addresses_;
  seen_addresses_ = std::move(addresses);
  if (are_new) {
    told_addresses_ = seen_addresses_;
    hooks_.addresses_changed(told_addresses_);
  }
  auto now = stamps();
  const bool were_written = now != told_stamps_ && now == seen_stamps_;
  seen_stamps_ = std::move(now);
  if (were_written) {
    told_stamps_ = seen_stamps_;
    hooks_.files_changed();
  }
}

asio::awaitable<void> MachineWatch::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kEvery);
    co_await timer.async_wait(asio::use_awaitable);
    look();
  }
}

}  // namespace p2p::node
