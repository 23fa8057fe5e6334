// What a worker's shipper and the coordinator's collector say to each other over the link: each message is one CBOR
// array (RFC 8949, definite lengths). Later versions may append elements to any array; a reader skips them. Pure.
//
//   open     [0, node_id, epoch, first_seq]    worker: my stream begins here; nothing before first_seq will come
//   records  [1, node_id, [item, …]]           worker: items in rising seq
//              record  [0, seq, timestamp, severity, logger, message, attrs, module, function, line, trace_id]
//              gap     [1, first_seq, last_seq, debug, info, warning, error, critical, damaged]
//   ack      [2, epoch, seq, resend]           coordinator: everything up to seq is stored for good; with `resend`,
//                                              and always as the answer to open: send again from seq + 1
//
// timestamp is nanoseconds since 1970 UTC, severity a number of OpenTelemetry. Empty elements at the end of a record
// are left out (but not before `message`), and so is `damaged` when it is 0; attrs is JSON text. A gap stands for the
// records first_seq to last_seq, which the worker no longer has: those that a full spool dropped, by level, and those
// that cannot be read any more. node_id is what the worker believes; the certificate's
// counts.
#pragma once

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "logs/record.hpp"

namespace p2p::logs {

/// A decoder refuses more, and the sender keeps far below it.
inline constexpr std::size_t kMaxItemsPerMessage = 65'536;
/// A worker sends nothing more while this much is unacknowledged.
inline constexpr std::size_t kWindowBytes = 1 << 20;
/// A coordinator drops a stream that has more than this waiting: the last batch may pass the window, and one record may
/// be larger than a batch.
inline constexpr std::size_t kMaxUnacknowledgedBytes = 2 * kWindowBytes;

/// Lost records by level, indexed by LogLevel.

/// Records that a spool has lost: all of first_seq … last_seq.
struct Gap {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  LevelCounts lost{};         ///< dropped, as the spool was full
  std::uint64_t damaged = 0;  ///< could not be read again, of whatever level
  bool operator==(const Gap&) const = default;
};
using Item = std::variant<LogRecord, Gap>;

struct OpenMessage {
  std::string node_id;
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 0;
};
struct RecordsMessage {
  std::string node_id;
  std::vector<Item> items;  ///< records with neither node_id nor epoch, which the stream knows
};
struct AckMessage {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  bool resend = false;
};
using WireMessage = std::variant<OpenMessage, RecordsMessage, AckMessage>;

Bytes encode(const OpenMessage& message);
Bytes encode(const AckMessage& message);
/// One item, as a spool keeps it.
Bytes encode_item(const LogRecord& record);
Bytes encode_item(const Gap& gap);
/// The records message around `item_count` encoded items.
Bytes encode_records(std::string_view node_id, std::size_t item_count, ByteView items);

/// `invalid` for anything else. Texts are returned as they came: the receiver normalises.
Result<WireMessage> decode(ByteView message);

}  // namespace p2p::logs
