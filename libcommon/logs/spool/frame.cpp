#include "logs/spool/frame.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>

#include "base/byte_order.hpp"
#include "logs/cbor.hpp"

namespace p2p::logs {
namespace {

constexpr std::string_view kMagic = "P2PSPOOL";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kTakesEarlier = 1;
constexpr std::size_t kHeaderChecksumAt = 60;

constexpr std::uint8_t kRecordKind = 1;
constexpr std::uint8_t kGapKind = 2;
constexpr std::uint8_t kPositionsKind = 3;
constexpr std::uint8_t kMarkKind = 4;
constexpr std::size_t kMarkBytes = 1 + 8 + 8 + 1;

/// Appends a frame's payload; the head is filled in at the end.
class PayloadWriter {
 public:
  PayloadWriter(Bytes& out, std::uint8_t kind) : out_(out), begin_(out.size()) {
    out_.resize(begin_ + kFrameHeadBytes);
    number(kind);
  }
  ~PayloadWriter() {
    std::uint8_t* head = out_.data() + begin_;
    const std::size_t payload = out_.size() - begin_ - kFrameHeadBytes;
    put_big(head, static_cast<std::uint32_t>(payload));
    const auto length_crc = libdeflate_crc32(0, head, 4);
    put_big(head + 4, static_cast<std::uint32_t>(libdeflate_crc32(length_crc, head + kFrameHeadBytes, payload)));
  }
  PayloadWriter(const PayloadWriter&) = delete;
  PayloadWriter& operator=(const PayloadWriter&) = delete;

  template <class T>
  void number(T value) {
    std::uint8_t bytes[sizeof(T)];
    put_big(bytes, value);
    out_.insert(out_.end(), bytes, bytes + sizeof(T));
  }
  CborWriter cbor() { return CborWriter(out_); }
  void bytes(ByteView content) { out_.insert(out_.end(), content.begin(), content.end()); }

 private:
  Bytes& out_;
  std::size_t begin_;
};

/// Takes numbers and bytes from the front; after the first that is not there everything is empty.
class PayloadReader {
 public:
  explicit PayloadReader(ByteView payload) : left_(payload) {}
  template <class T>
  T number() {
    const ByteView part = bytes(sizeof(T));
    return part.empty() ? T{} : get_big<T>(part.data());
  }
  ByteView bytes(std::size_t count) {
    if (left_.size() < count) {
      failed_ = true;
      left_ = {};
      return {};
    }
    const ByteView out = left_.first(count);
    left_ = left_.subspan(count);
    return out;
  }
  ByteView rest() { return bytes(left_.size()); }
  bool at_end() const { return left_.empty(); }
  bool failed() const { return failed_; }

 private:
  ByteView left_;
  bool failed_ = false;
};

bool is_seq(std::uint64_t value) { return value > 0 && value <= kMaxSeq; }

std::optional<Frame> parse_record(PayloadReader& in) {
  RecordFrame out;
  const auto level = in.number<std::uint8_t>();
  out.seq = in.number<std::uint64_t>();
  out.item = in.bytes(in.number<std::uint32_t>());
  if (!in.at_end()) {
    out.source = as_text(in.bytes(in.number<std::uint16_t>()));
    out.position = as_text(in.rest());
  }
  if (in.failed() || level > static_cast<std::uint8_t>(LogLevel::critical) || !is_seq(out.seq) || out.item.empty())
    return std::nullopt;
  out.level = static_cast<LogLevel>(level);
  return out;
}

std::optional<Frame> parse_gap(PayloadReader& in) {
  CborReader cbor(in.rest());
  Gap out;
  const auto read = [&](std::uint64_t& to) {
    const auto value = cbor.unsigned_integer();
    to = value.value_or(0);
    return value.has_value();
  };
  std::uint64_t more = 0;
  bool fine = read(out.first_seq) && read(more);
  for (auto& lost : out.lost) fine = fine && read(lost);
  fine = fine && read(out.damaged) && cbor.at_end() && is_seq(out.first_seq) && more <= kMaxSeq - out.first_seq;
  if (!fine) return std::nullopt;
  out.last_seq = out.first_seq + more;
  return out;
}

std::optional<Frame> parse_positions(PayloadReader& in) {
  PositionsFrame out;
  while (!in.at_end()) {
    const auto source_bytes = in.number<std::uint16_t>();
    const auto position_bytes = in.number<std::uint16_t>();
    SourcePosition position{std::string(as_text(in.bytes(source_bytes))),
                            std::string(as_text(in.bytes(position_bytes)))};
    if (in.failed() || !position.is_kept()) return std::nullopt;
    out.positions.push_back(std::move(position));
  }
  return out;
}

std::optional<Frame> parse_mark(PayloadReader& in) {
  MarkFrame out;
  out.acknowledged = in.number<std::uint64_t>();
  out.sent = in.number<std::uint64_t>();
  const auto closed = in.number<std::uint8_t>();
  if (in.failed() || out.acknowledged > kMaxSeq || out.sent > kMaxSeq || closed > 1) return std::nullopt;
  out.closed = closed == 1;
  return out;
}

std::optional<Frame> parse_payload(ByteView payload) {
  PayloadReader in(payload);
  switch (in.number<std::uint8_t>()) {
    case kRecordKind: return parse_record(in);
    case kGapKind: return parse_gap(in);
    case kPositionsKind: return parse_positions(in);
    case kMarkKind: return payload.size() == kMarkBytes ? parse_mark(in) : std::nullopt;
    default: return std::nullopt;
  }
}

/// The frame that begins here, and how long it is. What cannot be one is seen before its checksum is calculated, as
/// reading may try each byte of a damaged file.
std::optional<std::pair<Frame, std::size_t>> parse_frame(ByteView from) {
  if (from.size() <= kFrameHeadBytes) return std::nullopt;
  const std::size_t length = get_big<std::uint32_t>(from.data());
  if (length == 0 || length > kMaxFrameBytes || length > from.size() - kFrameHeadBytes) return std::nullopt;
  const ByteView payload = from.subspan(kFrameHeadBytes, length);
  if (payload[0] < kRecordKind || payload[0] > kMarkKind) return std::nullopt;
  const auto length_crc = libdeflate_crc32(0, from.data(), 4);
  if (libdeflate_crc32(length_crc, payload.data(), length) != get_big<std::uint32_t>(from.data() + 4))
    return std::nullopt;
  auto frame = parse_payload(payload);
  if (!frame) return std::nullopt;
  return std::pair{std::move(*frame), kFrameHeadBytes + length};
}

}  // namespace

std::array<std::uint8_t, kSegmentHeaderBytes> encode_header(const SegmentHeader& header) {
  std::array<std::uint8_t, kSegmentHeaderBytes> out{};
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  out[8] = kVersion;
  out[9] = header.takes_earlier ? kTakesEarlier : 0;
  put_big(out.data() + 16, header.epoch);
  put_big(out.data() + 24, header.first_seq);
  std::copy(header.boot_id.begin(), header.boot_id.end(), out.begin() + 32);
  put_big(out.data() + kHeaderChecksumAt,
          static_cast<std::uint32_t>(libdeflate_crc32(0, out.data(), kHeaderChecksumAt)));
  return out;
}

Bytes encode_segment(const SegmentHeader& header, ByteView frames) {
  const auto head = encode_header(header);
  Bytes out;
  out.reserve(head.size() + frames.size());
  out.assign(head.begin(), head.end());
  out.insert(out.end(), frames.begin(), frames.end());
  return out;
}

Result<SegmentHeader> parse_header(ByteView file) {
  if (file.size() < kSegmentHeaderBytes || as_text(file.first(kMagic.size())) != kMagic)
    return Error(Errc::damaged, "it does not begin as a segment of the log spool");
  std::array<std::uint8_t, kSegmentHeaderBytes> head;
  std::copy_n(file.begin(), head.size(), head.begin());
  const auto stated = get_big<std::uint32_t>(file.data() + kHeaderChecksumAt);
  // A later version may have another header; its number is where ours is. The checksum tells it from a flipped bit.
  head[8] = kVersion;
  const bool is_ours = libdeflate_crc32(0, head.data(), kHeaderChecksumAt) == stated;
  if (file[8] > kVersion && !is_ours) return Error(Errc::unsupported, "it is of a later version");
  SegmentHeader out;
  out.takes_earlier = (file[9] & kTakesEarlier) != 0;
  out.epoch = get_big<std::uint64_t>(file.data() + 16);
  out.first_seq = get_big<std::uint64_t>(file.data() + 24);
  std::copy_n(file.begin() + 32, out.boot_id.size(), out.boot_id.begin());
  if (file[8] != kVersion || !is_ours || out.epoch >= kEpochLimit || !is_seq(out.first_seq))
    return Error(Errc::damaged, "its header is damaged");
  return out;
}

void append_frame(Bytes& out, const RecordFrame& frame) {
  PayloadWriter writer(out, kRecordKind);
  writer.number(static_cast<std::uint8_t>(frame.level));
  writer.number(frame.seq);
  writer.number(static_cast<std::uint32_t>(frame.item.size()));
  writer.bytes(frame.item);
  if (frame.source.empty()) return;
  writer.number(static_cast<std::uint16_t>(frame.source.size()));
  writer.bytes(as_bytes(frame.source));
  writer.bytes(as_bytes(frame.position));
}

void append_frame(Bytes& out, const Gap& frame) {
  PayloadWriter writer(out, kGapKind);
  auto cbor = writer.cbor();
  cbor.unsigned_integer(frame.first_seq);
  cbor.unsigned_integer(frame.last_seq - frame.first_seq);
  for (const auto lost : frame.lost) cbor.unsigned_integer(lost);
  cbor.unsigned_integer(frame.damaged);
}

void append_frame(Bytes& out, std::span<const SourcePosition> positions) {
  PayloadWriter writer(out, kPositionsKind);
  for (const auto& position : positions) {
    writer.number(static_cast<std::uint16_t>(position.source.size()));
    writer.number(static_cast<std::uint16_t>(position.position.size()));
    writer.bytes(as_bytes(position.source));
    writer.bytes(as_bytes(position.position));
  }
}

void append_frame(Bytes& out, const MarkFrame& frame) {
  PayloadWriter writer(out, kMarkKind);
  writer.number(frame.acknowledged);
  writer.number(frame.sent);
  writer.number(static_cast<std::uint8_t>(frame.closed ? 1 : 0));
}

std::optional<Frame> FrameReader::next() {
  while (at_ < frames_.size()) {
    if (auto found = parse_frame(frames_.subspan(at_))) {
      at_ += found->second;
      return std::move(found->first);
    }
    ++at_;
    ++skipped_;
  }
  return std::nullopt;
}

}  // namespace p2p::logs
