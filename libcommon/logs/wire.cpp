#include "logs/wire.hpp"

#include "logs/cbor.hpp"

namespace p2p::logs {
namespace {

constexpr std::uint64_t kOpen = 0;
constexpr std::uint64_t kRecords = 1;
constexpr std::uint64_t kAck = 2;
constexpr std::uint64_t kRecordItem = 0;
constexpr std::uint64_t kGapItem = 1;
/// Elements of a record up to and including `message`.
constexpr std::uint64_t kLeastRecordElements = 6;

std::uint64_t record_elements(const LogRecord& record) {
  if (!record.trace_id.empty()) return 11;
  if (record.line != 0) return 10;
  if (!record.function.empty()) return 9;
  if (!record.module.empty()) return 8;
  return record.attrs.empty() ? kLeastRecordElements : 7;
}

bool skip_rest(CborReader& in, std::uint64_t count) {
  for (; count > 0; --count) {
    if (!in.skip()) return false;
  }
  return true;
}

bool read_text(CborReader& in, std::string& out) {
  const auto text = in.text();
  if (text) out = *text;
  return text.has_value();
}

bool read_seq(CborReader& in, std::uint64_t& out) {
  const auto value = in.unsigned_integer();
  if (!value || *value > kMaxSeq) return false;
  out = *value;
  return true;
}

/// After the item's kind; `count` elements are left.
bool read_record(CborReader& in, std::uint64_t count, LogRecord& out) {
  if (count + 1 < kLeastRecordElements) return false;
  if (!read_seq(in, out.seq)) return false;
  const auto timestamp = in.integer();
  const auto severity = in.integer();
  if (!timestamp || !severity) return false;
  out.timestamp = WallTime{std::chrono::nanoseconds{*timestamp}};
  out.level = level_of_severity(*severity);
  if (!read_text(in, out.logger_name) || !read_text(in, out.message)) return false;
  count -= kLeastRecordElements - 1;
  for (std::string* text : {&out.attrs, &out.module, &out.function}) {
    if (count == 0) return true;
    if (!read_text(in, *text)) return false;
    --count;
  }
  if (count == 0) return true;
  const auto line = in.unsigned_integer();
  if (!line || *line > UINT32_MAX) return false;
  out.line = static_cast<std::uint32_t>(*line);
  if (--count == 0) return true;
  return read_text(in, out.trace_id) && skip_rest(in, count - 1);
}

bool read_gap(CborReader& in, std::uint64_t count, Gap& out) {
  constexpr std::uint64_t kGapElements = 2 + std::tuple_size_v<LevelCounts>;
  if (count < kGapElements) return false;
  if (!read_seq(in, out.first_seq) || !read_seq(in, out.last_seq) || out.last_seq < out.first_seq) return false;
  for (auto& lost : out.lost) {
    if (!read_seq(in, lost)) return false;
  }
  if (count == kGapElements) return true;
  return read_seq(in, out.damaged) && skip_rest(in, count - kGapElements - 1);
}

bool read_item(CborReader& in, RecordsMessage& out) {
  const auto count = in.array();
  if (!count || *count == 0) return false;
  const auto kind = in.unsigned_integer();
  if (kind == kRecordItem) return read_record(in, *count - 1, std::get<LogRecord>(out.items.emplace_back(LogRecord{})));
  if (kind == kGapItem) return read_gap(in, *count - 1, std::get<Gap>(out.items.emplace_back(Gap{})));
  return kind.has_value() && skip_rest(in, *count - 1);
}

bool read_records(CborReader& in, std::uint64_t count, RecordsMessage& out) {
  if (count < 2 || !read_text(in, out.node_id)) return false;
  const auto items = in.array();
  if (!items || *items > kMaxItemsPerMessage) return false;
  for (std::uint64_t i = 0; i < *items; ++i) {
    if (!read_item(in, out)) return false;
  }
  return skip_rest(in, count - 2);
}

bool read_open(CborReader& in, std::uint64_t count, OpenMessage& out) {
  return count >= 3 && read_text(in, out.node_id) && read_seq(in, out.epoch) && read_seq(in, out.first_seq) &&
         skip_rest(in, count - 3);
}

bool read_ack(CborReader& in, std::uint64_t count, AckMessage& out) {
  if (count < 3 || !read_seq(in, out.epoch) || !read_seq(in, out.seq)) return false;
  const auto resend = in.boolean();
  if (resend) out.resend = *resend;
  return resend.has_value() && skip_rest(in, count - 3);
}

}  // namespace

Bytes encode(const OpenMessage& message) {
  Bytes out;
  CborWriter writer(out);
  writer.array(4);
  writer.unsigned_integer(kOpen);
  writer.text(message.node_id);
  writer.unsigned_integer(message.epoch);
  writer.unsigned_integer(message.first_seq);
  return out;
}

Bytes encode(const AckMessage& message) {
  Bytes out;
  CborWriter writer(out);
  writer.array(4);
  writer.unsigned_integer(kAck);
  writer.unsigned_integer(message.epoch);
  writer.unsigned_integer(message.seq);
  writer.boolean(message.resend);
  return out;
}

Bytes encode_item(const LogRecord& record) {
  Bytes out;
  out.reserve(32 + record.logger_name.size() + record.message.size() + record.attrs.size());
  CborWriter writer(out);
  const std::uint64_t elements = record_elements(record);
  writer.array(elements);
  writer.unsigned_integer(kRecordItem);
  writer.unsigned_integer(record.seq);
  writer.integer(record.timestamp.time_since_epoch().count());
  writer.integer(severity_of(record.level));
  writer.text(record.logger_name);
  writer.text(record.message);
  if (elements > 6) writer.text(record.attrs);
  if (elements > 7) writer.text(record.module);
  if (elements > 8) writer.text(record.function);
  if (elements > 9) writer.unsigned_integer(record.line);
  if (elements > 10) writer.text(record.trace_id);
  return out;
}

Bytes encode_item(const Gap& gap) {
  Bytes out;
  CborWriter writer(out);
  writer.array(3 + gap.lost.size() + (gap.damaged > 0 ? 1 : 0));
  writer.unsigned_integer(kGapItem);
  writer.unsigned_integer(gap.first_seq);
  writer.unsigned_integer(gap.last_seq);
  for (const auto lost : gap.lost) writer.unsigned_integer(lost);
  if (gap.damaged > 0) writer.unsigned_integer(gap.damaged);
  return out;
}

Bytes encode_records(std::string_view node_id, std::size_t item_count, ByteView items) {
  Bytes out;
  out.reserve(items.size() + node_id.size() + 16);
  CborWriter writer(out);
  writer.array(3);
  writer.unsigned_integer(kRecords);
  writer.text(node_id);
  writer.array(item_count);
  out.insert(out.end(), items.begin(), items.end());
  return out;
}

Result<WireMessage> decode(ByteView message) {
  CborReader in(message);
  const auto count = in.array();
  const auto kind = in.unsigned_integer();
  bool fine = count && *count > 0 && kind;
  WireMessage out;
  if (fine && *kind == kOpen)
    fine = read_open(in, *count - 1, out.emplace<OpenMessage>());
  else if (fine && *kind == kRecords)
    fine = read_records(in, *count - 1, out.emplace<RecordsMessage>());
  else if (fine && *kind == kAck)
    fine = read_ack(in, *count - 1, out.emplace<AckMessage>());
  else
    fine = false;
  if (!fine || !in.at_end()) return Error(Errc::invalid, "not a log shipping message");
  return out;
}

}  // namespace p2p::logs
