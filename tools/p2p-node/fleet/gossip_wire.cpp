#include "gossip_wire.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/peer_words.hpp"
#include "membership/limits.hpp"
#include "membership/message_codec.hpp"
#include "net/field_text.hpp"
#include "try_each.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using membership::Message;
using std::chrono::milliseconds;

namespace {

/// A gossip request that takes longer helps nobody; the next round comes soon.
constexpr milliseconds kGossipTimeout{5'000};
constexpr milliseconds kConnectTimeout{2'000};
constexpr char kCborType[] = "application/cbor";
/// The first bytes of an LZ4 frame; no CBOR map begins so.
constexpr std::string_view kLz4Magic{"\x04\x22\x4d\x18", 4};

}  // namespace

bool is_lz4(const net::Headers& headers) {
  return net::equals_ignoring_case(headers.get("Content-Encoding"), kGossipCoding);
}

membership::Packed GossipWire::pack(const Message& message) {
  Bytes content = membership::encode_message(message);
  traffic_.raw_bytes += content.size();
  auto packed = membership::pack(std::move(content), compression_);
  traffic_.wire_bytes += packed.body.size();
  ++traffic_.messages;
  return packed;
}

Result<Message> GossipWire::unpack(std::string_view body, bool lz4) {
  traffic_.wire_bytes += body.size();
  ++traffic_.messages;
  if (!lz4) {
    traffic_.raw_bytes += body.size();
    return membership::decode_message(as_bytes(body));
  }
  const auto content = membership::decompress_lz4(as_bytes(body), membership::kMaxMessageBytes);
  if (!content) return content.error();
  traffic_.raw_bytes += content->size();
  return membership::decode_message(*content);
}

Result<Message> GossipWire::unpack_frame(std::string_view payload) {
  return unpack(payload, payload.starts_with(kLz4Magic));
}

net::Response GossipWire::respond(const Message& message) {
  const auto packed = pack(message);
  net::Response response;
  response.content_type = kCborType;
  response.body = to_text(packed.body);
  if (packed.is_lz4) response.headers.set("Content-Encoding", kGossipCoding);
  return response;
}

Result<GossipWire::Answer> GossipWire::read(const net::Answer& answer, const std::string& address) {
  if (answer.status == 200) {
    auto message = unpack(answer.body, is_lz4(answer.headers));
    if (!message) return message.error();
    return Answer{std::move(*message), address};
  }
  const std::string status = fmt::format("{} answered with status {}", address, answer.status);
  if (answer.status >= 500) return Error(Errc::unreachable, status);
  const auto problem = parse_json(answer.body);
  const std::string* detail = problem ? find_string(*problem, "detail") : nullptr;
  const Errc kind = answer.status == 409 ? Errc::exists : answer.status == 403 ? Errc::not_permitted : Errc::failed;
  return Error(kind, detail != nullptr && !detail->empty() ? peer_words(*detail) : status);
}

asio::awaitable<Result<GossipWire::Answer>> GossipWire::post(std::vector<std::string> addresses, net::ExpectedPeer peer,
                                                             std::string target, Message message) {
  const auto packed = pack(message);
  net::Call call;
  call.peer = std::move(peer);
  call.method = net::Method::post;
  call.target = std::move(target);
  call.headers.set("Content-Type", kCborType);
  if (packed.is_lz4) call.headers.set("Content-Encoding", kGossipCoding);
  call.body = to_text(packed.body);
  call.timeout = kGossipTimeout;
  call.connect_timeout = kConnectTimeout;
  call.max_response_bytes = membership::kMaxMessageBytes;
  Result<Answer> outcome = Error(Errc::unreachable, "no address to reach it at");
  auto attempt = [&](const net::Endpoint& endpoint, const std::string& address) -> asio::awaitable<bool> {
    net::Call once = call;
    once.endpoint = endpoint;
    const auto answer = co_await client_.call(std::move(once));
    if (!answer) {
      outcome = answer.error().error;
      co_return false;
    }
    outcome = read(*answer, address);
    // A node that starts or stops may have a twin behind another address.
    co_return answer->status < 500;
  };
  co_await try_each(std::move(addresses), attempt);
  co_return outcome;
}

}  // namespace p2p::node
