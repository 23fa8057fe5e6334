#include "net/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

namespace p2p::net {
namespace asio = boost::asio;

struct TaskGroup::State {
  struct Task {
    std::string name;
    asio::cancellation_signal signal;
  };

  State(asio::any_io_executor on, LogSink& sink) : executor(std::move(on)), log(sink, "Tasks"), emptied(executor) {
    emptied.expires_at(asio::steady_timer::time_point::max());
  }

  void finish(std::list<Task>::iterator task, std::exception_ptr failure) {
    if (failure && !stopping) report(task->name, failure);
    tasks.erase(task);
    if (tasks.empty()) emptied.cancel();
  }

  void report(const std::string& name, std::exception_ptr failure) const {
    try {
      std::rethrow_exception(std::move(failure));
    } catch (const std::exception& error) {
      log.error("task {} ended: {}", name, error.what());
    } catch (...) {
      log.error("task {} ended with an unknown exception", name);
    }
  }

  asio::any_io_executor executor;
  Logger log;
  asio::steady_timer emptied;  // never expires; cancelled when the last task has ended
  std::list<Task> tasks;
  bool stopping = false;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, LogSink& log)
    : state_(std::make_shared<State>(std::move(executor), log)) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::start(std::string name, asio::awaitable<void> task) {
  if (state_->stopping) return;
  const auto entry = state_->tasks.emplace(state_->tasks.end());
  entry->name = std::move(name);
  asio::co_spawn(
      state_->executor, std::move(task),
      asio::bind_cancellation_slot(entry->signal.slot(), [state = state_, entry](const std::exception_ptr& failure) {
        state->finish(entry, std::move(failure));
      }));
}

void TaskGroup::cancel() {
  state_->stopping = true;
  for (auto& task : state_->tasks) task.signal.emit(asio::cancellation_type::terminal);
}

asio::awaitable<bool> TaskGroup::wait(std::chrono::milliseconds limit) {
  const auto state = state_;
  if (state->tasks.empty()) co_return true;
  state->emptied.expires_after(limit);
  co_await state->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return state->tasks.empty();
}

asio::awaitable<bool> TaskGroup::stop(std::chrono::milliseconds grace) {
  cancel();
  co_return co_await wait(grace);
}

std::size_t TaskGroup::size() const noexcept { return state_->tasks.size(); }

}  // namespace p2p::net
