#include "net/loops.hpp"

#include <fmt/format.h>
#include <pthread.h>

namespace p2p::net {
namespace asio = boost::asio;
namespace {

thread_local std::optional<std::size_t> this_loop;

void run_loop(asio::io_context& loop, std::size_t index) {
  this_loop = index;
  loop.run();
  this_loop.reset();
}

}  // namespace

Loops::Loops(std::size_t session_count) {
  const std::size_t count = std::max<std::size_t>(session_count, 1) + 1;
  for (std::size_t i = 0; i < count; ++i) {
    // Posting from other threads is safe; sockets are used by the loop's own thread alone.
    loops_.push_back(std::make_unique<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO));
    work_.push_back(asio::make_work_guard(*loops_.back()));
  }
}

Loops::~Loops() {
  stop();
  join();
}

std::vector<asio::io_context*> Loops::all() {
  std::vector<asio::io_context*> out;
  for (const auto& loop : loops_) out.push_back(loop.get());
  return out;
}

std::vector<asio::io_context*> Loops::sessions() {
  auto out = all();
  out.erase(out.begin());
  return out;
}

void Loops::start() {
  for (std::size_t i = 1; i < loops_.size(); ++i) {
    threads_.emplace_back([loop = loops_[i].get(), i] {
      pthread_setname_np(pthread_self(), fmt::format("p2p-session-{}", i - 1).c_str());
      run_loop(*loop, i);
    });
  }
}

void Loops::run() { run_loop(control(), 0); }

void Loops::stop() {
  for (const auto& loop : loops_) loop->stop();
}

void Loops::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::optional<std::size_t> current_loop_index() noexcept { return this_loop; }

}  // namespace p2p::net
