#include "logs/shipper.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p::logs {

std::vector<Bytes> Shipper::on_connected() {
  has_renewed_ = false;
  return {encode(open())};
}

OpenMessage Shipper::open() {
  on_disconnected();
  state_ = State::opening;
  epoch_ = spool_.epoch();
  return {node_id_, epoch_, spool_.first_seq()};
}

void Shipper::on_disconnected() {
  state_ = State::disconnected;
  flights_.clear();
  in_flight_bytes_ = 0;
}

Result<void> Shipper::on_message(ByteView message) {
  if (state_ == State::disconnected) return {};
  const auto decoded = decode(message);
  if (!decoded) return decoded.error();
  const auto* ack = std::get_if<AckMessage>(&*decoded);
  if (ack == nullptr) return Error(Errc::invalid, "the coordinator sent a log message that only a worker sends");
  // Meant for an earlier life of this node, or an epoch that is done.
  if (ack->epoch != epoch_ || must_open()) return {};
  const bool is_last_epoch = spool_.epoch_end() >= spool_.last_seq();
  const std::uint64_t end = std::min(spool_.epoch_end(), spool_.last_seq());
  if (ack->seq > end && (!ack->resend || (is_last_epoch && has_renewed_)))
    return Error(Errc::damaged,
                 fmt::format("the coordinator acknowledged log record {}, the last one is {}", ack->seq, end));
  if (ack->seq > end && is_last_epoch) {
    has_renewed_ = true;
    spool_.begin_epoch();
    return {};
  }
  const std::uint64_t stored = std::min(ack->seq, end);
  spool_.acknowledge(stored);
  while (!flights_.empty() && flights_.front().last_seq <= stored) {
    in_flight_bytes_ -= flights_.front().bytes;
    flights_.pop_front();
  }
  next_seq_ = std::max(next_seq_, stored + 1);
  if (ack->resend) {
    state_ = State::streaming;
    next_seq_ = std::max(stored + 1, spool_.first_seq());
    flights_.clear();
    in_flight_bytes_ = 0;
  }
  return {};
}

std::uint64_t Shipper::ready_count() const {
  if (next_seq_ > spool_.last_seq()) return 0;
  return spool_.ready_to(next_seq_) + 1 - next_seq_;
}

std::vector<Bytes> Shipper::poll(Monotonic now) {
  if (must_open()) return {encode(open())};
  std::vector<Bytes> out;
  while (has_window()) {
    const std::uint64_t ready = ready_count();
    if (ready == 0 || (now < next_flush_ && ready < kBatchRecords)) break;
    const SpoolChunk chunk = spool_.take_from(next_seq_, kBatchBytes);
    if (chunk.item_count == 0) break;
    out.push_back(encode_records(node_id_, chunk.item_count, chunk.items));
    next_seq_ = chunk.last_seq + 1;
    flights_.push_back({chunk.last_seq, chunk.items.size()});
    in_flight_bytes_ += chunk.items.size();
  }
  if (!out.empty()) next_flush_ = now + kFlushInterval;
  return out;
}

std::optional<Monotonic> Shipper::next_wakeup() const {
  if (must_open()) return Monotonic::min();
  if (!has_window()) return std::nullopt;
  const std::uint64_t ready = ready_count();
  if (ready == 0) return std::nullopt;
  return ready >= kBatchRecords ? Monotonic::min() : next_flush_;
}

}  // namespace p2p::logs
