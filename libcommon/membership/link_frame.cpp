#include "membership/link_frame.hpp"

#include <limits>

#include "base/json.hpp"

namespace p2p::membership {

std::string encode_frame(FrameKind kind, std::uint64_t id, std::string_view payload) {
  std::string out;
  out.reserve(kFrameHeaderBytes + payload.size());
  out.push_back(static_cast<char>(kind));
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(id >> shift));
  out += payload;
  return out;
}

Result<Frame> decode_frame(std::string_view message) {
  if (message.size() < kFrameHeaderBytes) return Error(Errc::invalid, "a link frame shorter than its header");
  Frame frame;
  frame.kind = static_cast<FrameKind>(static_cast<std::uint8_t>(message[0]));
  for (std::size_t i = 1; i < kFrameHeaderBytes; ++i) {
    frame.id = frame.id << 8 | static_cast<std::uint8_t>(message[i]);
  }
  frame.payload = message.substr(kFrameHeaderBytes);
  return frame;
}

std::string encode_link_call(const LinkCall& call) {
  Json value = {{"caller", call.stated_caller}, {"request", call.request}, {"timeout_ms", call.timeout_ms}};
  if (call.progress) value["progress"] = true;
  return to_text(dump_cbor(value));
}

Result<LinkCall> decode_link_call(std::string_view payload) {
  const auto value = parse_cbor(as_bytes(payload));
  if (!value) return value.error();
  const std::string* caller = find_string(*value, "caller");
  const std::string* request = find_string(*value, "request");
  const auto timeout = find_unsigned(*value, "timeout_ms");
  if (caller == nullptr || request == nullptr || !timeout || *timeout > std::numeric_limits<std::uint32_t>::max()) {
    return Error(Errc::invalid, "a call over a link without caller, request or timeout");
  }
  LinkCall call{*caller, *request, static_cast<std::uint32_t>(*timeout)};
  call.wants_progress = is_true(*value, "progress");
  return call;
}

}  // namespace p2p::membership
