#include "logs/shipper.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p::logs {

std::vector<Bytes> Shipper::on_connected() {
  on_disconnected();
  state_ = State::opening;
  return {encode(OpenMessage{node_id_, spool_.epoch(), spool_.first_seq()})};
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
  if (ack->epoch != spool_.epoch()) return {};  // meant for an earlier life of this node
  if (ack->seq > spool_.last_seq())
    return Error(Errc::damaged, fmt::format("the coordinator acknowledged log record {}, the last one is {}", ack->seq,
                                            spool_.last_seq()));
  spool_.acknowledge(ack->seq);
  while (!flights_.empty() && flights_.front().last_seq <= ack->seq) {
    in_flight_bytes_ -= flights_.front().bytes;
    flights_.pop_front();
  }
  next_seq_ = std::max(next_seq_, ack->seq + 1);
  if (ack->resend) {
    state_ = State::streaming;
    next_seq_ = std::max(ack->seq + 1, spool_.first_seq());
    flights_.clear();
    in_flight_bytes_ = 0;
  }
  return {};
}

std::vector<Bytes> Shipper::poll(Monotonic now) {
  std::vector<Bytes> out;
  while (may_send() && (now >= next_flush_ || has_full_batch())) {
    const SpoolChunk chunk = spool_.read_from(next_seq_, kBatchBytes);
    if (chunk.item_count == 0) break;
    out.push_back(encode_records(node_id_, chunk.item_count, chunk.items));
    spool_.mark_sent(chunk.last_seq);
    next_seq_ = chunk.last_seq + 1;
    flights_.push_back({chunk.last_seq, chunk.items.size()});
    in_flight_bytes_ += chunk.items.size();
  }
  if (!out.empty()) next_flush_ = now + kFlushInterval;
  return out;
}

std::optional<Monotonic> Shipper::next_wakeup() const {
  if (!may_send()) return std::nullopt;
  return has_full_batch() ? Monotonic::min() : next_flush_;
}

}  // namespace p2p::logs
