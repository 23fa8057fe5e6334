// The messages on a link (`/internal/link`, a WebSocket over p2p/1). Each binary WebSocket message is one frame:
//
//   byte 0      kind
//   bytes 1..8  id, big-endian: the number of a ping or call, 0 for the kinds that have none
//   byte 9…     payload
//
//   ping, pong  a pong repeats the ping's id; its payload is what the node's clock shows, in milliseconds since 1970 as
//               decimal text, or nothing. A ping has no payload
//   records     a push of records (message_codec.hpp), or an LZ4 frame of one
//   call        CBOR {"caller": stated caller, "request": JSON-RPC text, "timeout_ms": n, "progress": true or absent}
//   result      JSON-RPC response text (empty for a notification); the id is the call's
//   refused     no payload; the call with this id was not begun, because too many are under way
//   progress    JSON text; the call with this id reports it before its result, if it asked for that
//   dropped     decimal number; so many values of the call with this id were not passed on
//   failed      text; the call with this id ran, but its answer cannot be sent
//   cancel      no payload; the caller no longer waits for the call with this id
//   logs        worker to coordinator: a message of the log shipper
//   logs_reply  coordinator to worker: a message of the log collector
//   figures     worker to coordinator, each second: what the node tells of itself (metrics/node_figures.hpp)
//
// A frame of an unknown kind is skipped, so that versions meet. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/progress.hpp"

namespace p2p::membership {

enum class FrameKind : std::uint8_t {
  ping = 1,
  pong = 2,
  records = 3,
  call = 4,
  result = 5,
  cancel = 6,
  logs = 7,
  logs_reply = 8,
  refused = 9,
  failed = 10,
  progress = 11,
  dropped = 12,
  figures = 13,
};

struct Frame {
  FrameKind kind = FrameKind::ping;
  std::uint64_t id = 0;
  std::string_view payload;  ///< points into the message that was parsed
};

inline constexpr std::size_t kFrameHeaderBytes = 9;

std::string encode_frame(FrameKind kind, std::uint64_t id, std::string_view payload);
/// `invalid` for a message shorter than a frame header. The kind may be one that this version does not know.
Result<Frame> decode_frame(std::string_view message);

/// A call that travels over a link to a node that cannot be dialled.
struct LinkCall {
  std::string stated_caller;  ///< as in the P2P-Caller header; empty for the coordinator itself
  std::string request;        ///< one JSON-RPC request object
  std::uint32_t timeout_ms = 0;
  /// Where its progress goes. Null when the call is sent: none is asked for. Of a call that was decoded it is null.
  ProgressSinkPtr progress{};
  bool wants_progress = false;  ///< of a call that was decoded: its sender asks for progress
};

std::string encode_link_call(const LinkCall& call);
Result<LinkCall> decode_link_call(std::string_view payload);

}  // namespace p2p::membership
