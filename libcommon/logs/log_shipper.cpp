#include "logs/log_shipper.hpp"

#include <utility>

#include "logs/wire.hpp"

namespace p2p::logs {

LogShipper::LogShipper(std::string node_id, std::unique_ptr<Spool> spool, const Clock& clock)
    : clock_(clock), spool_(std::move(spool)), machine_(std::move(node_id), *spool_) {
  if (spool_->first_seq() <= spool_->last_seq()) times_.appended(spool_->first_seq(), clock_.monotonic());
  spool_->set_changed([this] { changed(); });
}

// Its thread calls changed(), which needs the machine, so it ends before anything else does; spool_ is null meanwhile.
LogShipper::~LogShipper() { spool_.reset(); }

std::uint64_t LogShipper::next_seq() const {
  const std::lock_guard lock(mutex_);
  return spool_->last_seq() + 1;
}

std::size_t LogShipper::spool_bytes() const {
  const std::lock_guard lock(mutex_);
  return spool_->size_bytes();
}

bool LogShipper::spool_is_failing() const {
  const std::lock_guard lock(mutex_);
  return spool_->is_failing();
}

std::chrono::milliseconds LogShipper::lag() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t oldest = spool_->first_seq();
  if (oldest > spool_->last_seq()) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - times_.time_of(oldest));
}

std::optional<std::string> LogShipper::source_position(const std::string& source) const {
  const std::lock_guard lock(mutex_);
  return spool_->source_position(source);
}

bool LogShipper::has_room() const {
  const std::lock_guard lock(mutex_);
  return spool_->has_room();
}

void LogShipper::append(const LogRecord& record, const SourcePosition& position) {
  Bytes item = encode_item(record);
  const std::lock_guard lock(mutex_);
  spool_->append(record.seq, record.level, std::move(item), position);
  times_.appended(record.seq, clock_.monotonic());
  wake_if_due();
}

/// With the lock.
void LogShipper::wake_if_due() {
  const auto wakeup = machine_.next_wakeup();
  if (!wakeup || *wakeup >= announced_wakeup_) return;
  announced_wakeup_ = *wakeup;
  if (wake_) wake_();
}

void LogShipper::changed() {
  const std::lock_guard lock(mutex_);
  wake_if_due();
}

void LogShipper::set_wake(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  announced_wakeup_ = Monotonic::max();
}

std::vector<Bytes> LogShipper::on_connected() {
  const std::lock_guard lock(mutex_);
  return machine_.on_connected();
}

Result<std::vector<Bytes>> LogShipper::on_message(ByteView message) {
  const std::lock_guard lock(mutex_);
  if (const auto fine = machine_.on_message(message); !fine) return fine.error();
  return machine_.poll(clock_.monotonic());
}

void LogShipper::on_disconnected() {
  const std::lock_guard lock(mutex_);
  machine_.on_disconnected();
}

std::vector<Bytes> LogShipper::poll() {
  const std::lock_guard lock(mutex_);
  return machine_.poll(clock_.monotonic());
}

std::optional<Monotonic> LogShipper::next_wakeup() {
  const std::lock_guard lock(mutex_);
  const auto out = machine_.next_wakeup();
  announced_wakeup_ = out.value_or(Monotonic::max());
  return out;
}

}  // namespace p2p::logs
