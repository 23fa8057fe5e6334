// Membership's messages on the wire: packed, counted, and posted to whichever address answers. Runs on the control
// loop.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "membership/compression.hpp"
#include "membership/message.hpp"
#include "net/client.hpp"
#include "net/http.hpp"

namespace p2p::node {

/// Gossip on the wire since the start, in both directions, before and after compression. Read by any thread.
struct GossipTraffic {
  std::atomic<std::uint64_t> raw_bytes{0};
  std::atomic<std::uint64_t> wire_bytes{0};
  std::atomic<std::uint64_t> messages{0};
};

class GossipWire {
 public:
  /// `client` is that of the control loop and must outlive it.
  GossipWire(net::Client& client, membership::CompressionSettings compression)
      : client_(client), compression_(compression) {}

  struct Answer {
    membership::Message message;
    std::string address;  ///< the one that answered
  };
  /// Posts to each address in turn until one answers. `unreachable` when none did, `exists` and `not_permitted` with
  /// what the peer said, `damaged` for an answer that is no message.
  boost::asio::awaitable<Result<Answer>> post(std::vector<std::string> addresses, net::ExpectedPeer peer,
                                              std::string target, membership::Message message);

  membership::Packed pack(const membership::Message& message);
  Result<membership::Message> unpack(std::string_view body, bool is_lz4);
  /// Of a frame over a link, which has no header to say whether it is compressed.
  Result<membership::Message> unpack_frame(std::string_view payload);
  /// A message as the answer to a request.
  net::Response respond(const membership::Message& message);

  const GossipTraffic& traffic() const { return traffic_; }

 private:
  Result<Answer> read(const net::Answer& answer, const std::string& address);

  net::Client& client_;
  const membership::CompressionSettings compression_;
  GossipTraffic traffic_;
};

/// Whether a body is said to be compressed.
bool is_lz4(const net::Headers& headers);
/// The Content-Encoding of what is compressed.
inline constexpr char kGossipCoding[] = "lz4";

}  // namespace p2p::node
