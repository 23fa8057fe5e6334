#include "logs/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/audit.hpp"
#include "logs/gap_record.hpp"

namespace p2p::logs {

struct Collector::Stream {
  Stream(std::string node, Send to) : node_id(std::move(node)), send(std::move(to)) {}

  const std::string node_id;
  const Send send;
  std::atomic<bool> closed{false};
  std::atomic<std::size_t> queued_bytes{0};
  std::atomic<bool> is_refused{false};  // nothing is queued until the node is asked to send again
  // Of the collector's thread.
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 1;
  std::optional<std::uint64_t> taken;  // everything up to here has come; none before `open`
  bool stalled = false;                // what comes is dropped until the node is asked to send again
  bool false_name_said = false;

  void answer(bool resend) {
    if (!closed.load()) send(encode(AckMessage{epoch, *taken, resend}));
  }
};

struct Collector::Received {
  /// Records were refused, as too much was waiting.
  struct Refusal {};
  std::shared_ptr<Stream> stream;
  std::variant<OpenMessage, RecordsMessage, Refusal> message;
  std::size_t bytes = 0;
};

struct Collector::Clearing {
  std::string node_id;
  std::string by;
  std::optional<std::uint64_t> up_to;
  std::uint64_t removed = 0;
  Cleared done;
};

Collector::Intake::Intake(Collector& collector, std::shared_ptr<Stream> stream)
    : collector_(collector), stream_(std::move(stream)) {}

Collector::Intake::~Intake() { stream_->closed.store(true); }

Result<void> Collector::Intake::receive(ByteView message) {
  auto decoded = decode(message);
  if (!decoded) return decoded.error();
  Received received{stream_, OpenMessage{}, message.size()};
  if (stream_->queued_bytes.load() + message.size() > kMaxUnacknowledgedBytes)
    return Error(Errc::limited, fmt::format("{} sends log records past its window", stream_->node_id));
  if (auto* open = std::get_if<OpenMessage>(&*decoded)) {
    received.message = std::move(*open);
  } else if (auto* records = std::get_if<RecordsMessage>(&*decoded)) {
    for (auto& item : records->items) {
      if (auto* record = std::get_if<LogRecord>(&item)) normalise(*record);
    }
    received.message = std::move(*records);
  } else {
    return Error(Errc::invalid, fmt::format("{} sent a log message that only a coordinator sends", stream_->node_id));
  }
  collector_.enqueue(std::move(received));
  return {};
}

Collector::Collector(Store& store, Hub& hub, const Clock& clock, LogSink& log)
    : store_(store), hub_(hub), clock_(clock), sink_(log), log_(log, "LogCollector") {
  next_retention_ = clock_.monotonic();
  thread_ = std::thread([this] { run(); });
}

Collector::~Collector() { stop(); }

void Collector::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
  // Their streams own the channels that they answer on, which must go before the loops do.
  queue_.clear();
  stalled_.clear();
}

std::unique_ptr<Collector::Intake> Collector::open(std::string node_id, Send send) {
  auto stream = std::make_shared<Stream>(std::move(node_id), std::move(send));
  return std::unique_ptr<Intake>(new Intake(*this, std::move(stream)));
}

std::optional<std::string> Collector::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Collector::enqueue(Received received) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (std::holds_alternative<RecordsMessage>(received.message)) {
      if (received.stream->is_refused.load()) return;
      if (queued_bytes_ + received.bytes > kMaxQueuedBytes) {
        received.stream->is_refused.store(true);
        received.message = Received::Refusal{};
        received.bytes = 0;
      }
    }
    queued_bytes_ += received.bytes;
    received.stream->queued_bytes += received.bytes;
    queue_.push_back(std::move(received));
    if (queue_.size() > 1) return;
  }
  arrived_.notify_one();
}

void Collector::clear(std::string node_id, std::string by, Cleared done) {
  std::optional<Error> refused;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_)
      refused = Error(Errc::cancelled, "the node is stopping");
    else if (clearing_ != nullptr)
      refused = Error(Errc::limited, "log records are being cleared already");
    else
      clearing_ = std::make_shared<Clearing>(Clearing{std::move(node_id), std::move(by), {}, 0, done});
  }
  if (refused)
    done(*refused);
  else
    arrived_.notify_one();
}

/// With the lock: as much as one commit takes, at least one message.
std::vector<Collector::Received> Collector::take_some() {
  std::vector<Received> out;
  std::size_t bytes = 0;
  while (!queue_.empty() && (out.empty() || bytes + queue_.front().bytes <= kCommitBytes)) {
    bytes += queue_.front().bytes;
    out.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return out;
}

void Collector::run() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    auto received = take_some();
    lock.unlock();
    if (!received.empty()) commit(std::move(received));
    maintain();
    lock.lock();
  }
  const auto clearing = std::exchange(clearing_, nullptr);
  lock.unlock();
  if (clearing != nullptr) clearing->done(Error(Errc::cancelled, "the node is stopping"));
}

/// False when the collector stops and everything is stored.
bool Collector::wait_for_work(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    if (stopping_) return !queue_.empty();
    Monotonic due = next_retention_;
    if (!queue_.empty()) due = std::min(due, next_commit_);
    if (!stalled_.empty()) due = std::min(due, next_retry_);
    if (clearing_ != nullptr || retention_goes_on_) due = Monotonic::min();
    const Monotonic now = clock_.monotonic();
    if (due <= now) return true;
    arrived_.wait_for(lock, due - now);
  }
}

std::int64_t Collector::record_count(const std::vector<Received>& received) {
  std::size_t count = 0;
  for (const auto& one : received) {
    if (const auto* records = std::get_if<RecordsMessage>(&one.message)) count += records->items.size();
  }
  return static_cast<std::int64_t>(count);
}

void Collector::commit(std::vector<Received> received) {
  next_commit_ = clock_.monotonic() + std::min(kCommitInterval, kCommitIntervalPerRecord * record_count(received));
  // An `open` asks how far its stream is stored, so everything before it goes first.
  std::vector<Received> records;
  for (auto& one : received) {
    one.stream->queued_bytes -= one.bytes;
    const auto* open = std::get_if<OpenMessage>(&one.message);
    if (open == nullptr) {
      records.push_back(std::move(one));
      continue;
    }
    store_records(std::exchange(records, {}));
    Stream& stream = *one.stream;
    say_false_name(stream, open->node_id);
    stream.epoch = open->epoch;
    stream.first_seq = std::max<std::uint64_t>(open->first_seq, 1);
    begin_again(stream);
  }
  store_records(std::move(records));
}

/// (Re)starts a stream after what is stored of it, and tells the node.
void Collector::begin_again(Stream& stream) {
  stream.taken = std::max(store_.acknowledged(stream.node_id, stream.epoch), stream.first_seq - 1);
  stream.stalled = false;
  stream.is_refused.store(false);
  stream.answer(true);
}

void Collector::say_false_name(Stream& stream, const std::string& name) {
  if (name == stream.node_id || std::exchange(stream.false_name_said, true)) return;
  log_.warning("{} sends log records in the name of \"{}\"; they are stored as its own", stream.node_id,
               name.substr(0, kMaxNameBytes));
}

StreamBatch Collector::batch_of(const std::shared_ptr<Stream>& stream, RecordsMessage& message) {
  StreamBatch out;
  std::optional<Gap> lost;
  std::size_t lost_at = 0;
  for (auto& item : message.items) {
    auto* gap = std::get_if<Gap>(&item);
    const std::uint64_t next = *stream->taken + 1;
    const std::uint64_t first = gap != nullptr ? gap->first_seq : std::get<LogRecord>(item).seq;
    const std::uint64_t last = gap != nullptr ? gap->last_seq : first;
    if (last < next) continue;  // stored already
    if (first > next) {
      // What follows a hole would be stored again once the hole is filled; the node is asked for all of it.
      stall(stream);
      break;
    }
    stream->taken = last;
    if (gap == nullptr) {
      out.records.push_back(std::move(std::get<LogRecord>(item)));
      continue;
    }
    gap->first_seq = next;
    if (!lost) lost_at = out.records.size();
    join_gap(lost, *gap);
  }
  if (lost)
    out.records.insert(out.records.begin() + static_cast<std::ptrdiff_t>(lost_at), gap_record(*lost, clock_.wall()));
  out.node_id = stream->node_id;
  out.epoch = stream->epoch;
  out.acknowledged = *stream->taken;
  return out;
}

void Collector::store_records(std::vector<Received> received) {
  std::vector<StreamBatch> batches;
  std::vector<std::shared_ptr<Stream>> streams;
  for (auto& one : received) {
    Stream& stream = *one.stream;
    if (stream.stalled || !stream.taken) continue;
    if (std::holds_alternative<Received::Refusal>(one.message)) {
      stall(one.stream);
      continue;
    }
    auto& message = std::get<RecordsMessage>(one.message);
    say_false_name(stream, message.node_id);
    batches.push_back(batch_of(one.stream, message));
    if (std::find(streams.begin(), streams.end(), one.stream) == streams.end()) streams.push_back(one.stream);
  }
  if (batches.empty()) return;
  auto stored = store_.append(std::move(batches));
  if (!stored) {
    say_trouble(stored.error().context);
    for (auto& stream : streams) stall(stream);
    return;
  }
  say_trouble(std::nullopt);
  for (const auto& stream : streams) {
    if (!stream->stalled) stream->answer(false);
  }
  if (!(*stored)->records.empty()) hub_.publish(std::move(*stored));
}

/// What this stream sends is dropped until maintain() asks for it again.
void Collector::stall(const std::shared_ptr<Stream>& stream) {
  if (std::exchange(stream->stalled, true)) return;
  if (stalled_.empty()) next_retry_ = clock_.monotonic() + kStoreRetryInterval;
  stalled_.push_back(stream);
}

void Collector::say_trouble(std::optional<std::string> why) {
  {
    const std::lock_guard lock(mutex_);
    if (why.has_value() == trouble_.has_value()) return;
    trouble_ = why;
  }
  if (why)
    log_.error("cannot store log records, the nodes keep theirs: {}", *why);
  else
    log_.info("log records are stored again");
}

void Collector::maintain() {
  clear_some();
  const Monotonic now = clock_.monotonic();
  if (!stalled_.empty() && now >= next_retry_) {
    for (const auto& stream : std::exchange(stalled_, {})) begin_again(*stream);
  }
  if (!retention_goes_on_ && !store_.wants_retention() && now < next_retention_) return;
  const auto more = store_.retain_some();
  if (!more) log_.error("cannot remove old log records: {}", more.error().context);
  retention_goes_on_ = more && *more;
  next_retention_ = now + kRetentionInterval;
}

void Collector::clear_some() {
  std::shared_ptr<Clearing> clearing;
  {
    const std::lock_guard lock(mutex_);
    clearing = clearing_;
  }
  if (clearing == nullptr) return;
  if (!clearing->up_to) clearing->up_to = store_.last_number();
  const auto removed = store_.remove_some(clearing->node_id, *clearing->up_to);
  if (removed) clearing->removed += removed->count;
  if (removed && removed->more) return;
  {
    const std::lock_guard lock(mutex_);
    clearing_.reset();
  }
  audit(sink_, fmt::format("{} cleared {} log records of {}", clearing->by, clearing->removed,
                           clearing->node_id.empty() ? "all nodes" : clearing->node_id));
  if (removed)
    clearing->done(clearing->removed);
  else
    clearing->done(removed.error());
}

}  // namespace p2p::logs
