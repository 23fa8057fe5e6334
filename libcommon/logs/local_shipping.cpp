#include "logs/local_shipping.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>

#include "logs/wake.hpp"

namespace p2p::logs {
namespace {

namespace asio = boost::asio;

/// What the collector's thread answered; it may do so once more after the task has ended.
struct Inbox {
  std::mutex mutex;
  std::vector<Bytes> messages;

  std::vector<Bytes> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(messages, {});
  }
};

/// The stream, from `open` to the hand-over at its end.
class LocalStream {
 public:
  LocalStream(LogShipper& shipper, Collector& collector, std::string node_id, Logger log, std::shared_ptr<Wake> wake)
      : shipper_(shipper), log_(std::move(log)), inbox_(std::make_shared<Inbox>()) {
    shipper_.set_wake([wake] { wake->notify(); });
    intake_ = collector.open(std::move(node_id), [wake, inbox = inbox_](Bytes message) {
      {
        const std::lock_guard lock(inbox->mutex);
        inbox->messages.push_back(std::move(message));
      }
      wake->notify();
    });
    send(shipper_.on_connected());
  }
  ~LocalStream() {
    shipper_.set_wake(nullptr);
    shipper_.on_disconnected();
  }
  LocalStream(const LocalStream&) = delete;
  LocalStream& operator=(const LocalStream&) = delete;

  void exchange() {
    for (const auto& message : inbox_->take()) {
      auto answers = shipper_.on_message(message);
      if (answers)
        send(*answers);
      else
        log_.error("{}", answers.error().context);
    }
    send(shipper_.poll());
  }

 private:
  void send(const std::vector<Bytes>& messages) {
    for (const auto& message : messages) {
      if (const auto taken = intake_->receive(message); !taken) log_.error("{}", taken.error().context);
    }
  }
  LogShipper& shipper_;
  Logger log_;
  std::shared_ptr<Inbox> inbox_;
  std::unique_ptr<Collector::Intake> intake_;
};

}  // namespace

asio::awaitable<void> ship_locally(LogShipper& shipper, Collector& collector, std::string node_id, LogSink& log) {
  const auto wake = std::make_shared<Wake>(co_await asio::this_coro::executor);
  LocalStream stream(shipper, collector, std::move(node_id), Logger(log, "LogShipping"), wake);
  co_await asio::this_coro::throw_if_cancelled(false);
  std::optional<Monotonic> end;  // set once the task is cancelled
  for (;;) {
    wake->arm();
    stream.exchange();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!end && state.cancelled() != asio::cancellation_type::none) {
      end = std::chrono::steady_clock::now() + kLastShipping;
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    if (end && (shipper.spool_bytes() == 0 || std::chrono::steady_clock::now() >= *end)) co_return;
    const Monotonic until = end.value_or(Monotonic::max());
    co_await wake->wait(std::min(until, shipper.next_wakeup().value_or(until)));
  }
}

}  // namespace p2p::logs
