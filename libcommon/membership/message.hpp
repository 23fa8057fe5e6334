// What nodes say to each other about membership. An exchange is two requests: Digest → Diff, then Pull → Records; a
// quiet fleet needs only the first. Joins are Join → Joined. Push goes over links and is not answered.
//
// On the wire each is one CBOR map with a member "type" (message_codec.hpp); over the compression threshold it travels
// as an LZ4 frame (compression.hpp). Who speaks is known from the connection's certificate, never from the message.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "membership/buckets.hpp"
#include "membership/bulletin.hpp"
#include "membership/heartbeat.hpp"
#include "membership/record.hpp"

namespace p2p::membership {

/// A record on its way. The certificate stays at home when the receiver is known to have it: then the one that it holds
/// for the same node is meant.
struct CarriedRecord {
  std::shared_ptr<const SignedRecord> signed_record;
  bool with_certificate = true;
  std::uint64_t heartbeat = 0;      ///< 0: the sender has no sign of life to pass on
  std::chrono::milliseconds age{};  ///< of that heartbeat
};
using CarriedRecords = std::vector<CarriedRecord>;

/// A line of a listing: which version of a node's record the sender has, and with which certificate.
struct Listed {
  std::string node_id;
  std::uint64_t incarnation = 0;
  std::uint64_t short_hash = 0;
  std::uint64_t short_certificate = 0;
  bool operator==(const Listed&) const = default;
};

/// "Send me this one"; the certificate only if it is another than mine (0: I have none).
struct Wanted {
  std::string node_id;
  std::uint64_t short_certificate = 0;
  bool operator==(const Wanted&) const = default;
};

/// What rides along with every half of the first round.
struct SignsOfLife {
  std::vector<Heartbeat> heartbeats;
  std::vector<Suspicion> suspicions;
  bool operator==(const SignsOfLife&) const = default;
};

struct DigestMessage {
  std::string cluster_name;
  BucketSums buckets{};
  SignsOfLife signs;
  BulletinLines bulletins{};  ///< all that the sender holds
};
struct DiffMessage {
  BucketSet covered;  ///< those of the differing buckets that fit into the page
  std::vector<Listed> listing;
  SignsOfLife signs;
  BulletinLines bulletins{};  ///< what the sender holds of the kinds in which the two differ
};
struct PullMessage {
  std::string cluster_name;
  CarriedRecords records;
  std::vector<Wanted> wanted;
  CarriedBulletins contents{};
  BulletinLines wanted_bulletins{};  ///< with the version that the sender has: only a newer one is wanted
};
struct RecordsMessage {
  CarriedRecords records;  ///< as many of the wanted ones as fit into the page
  CarriedBulletins contents{};
};

struct JoinMessage {
  std::string cluster_name;
  CarriedRecord record;  ///< the joiner's own
};
struct JoinedMessage {
  /// The joiner's incarnation must exceed this; 0 when its record stands as it is.
  std::uint64_t exceed = 0;
  CarriedRecord record;  ///< the coordinator's own
};

struct PushMessage {
  CarriedRecords records;
  std::vector<Suspicion> suspicions;
  BulletinLines bulletins{};    ///< those that are new at the sender
  CarriedBulletins contents{};  ///< of those that are not too large for a push
};

using Message =
    std::variant<DigestMessage, DiffMessage, PullMessage, RecordsMessage, JoinMessage, JoinedMessage, PushMessage>;

/// The member "type", in the order of the alternatives.
inline constexpr std::array<std::string_view, std::variant_size_v<Message>> kMessageTypes = {
    "digest", "diff", "pull", "records", "join", "joined", "push"};
std::string_view type_of(const Message& message) noexcept;

/// What a record costs on the wire, a little rounded up.
std::size_t wire_size(const CarriedRecord& record) noexcept;
std::size_t wire_size(const Listed& listed) noexcept;

}  // namespace p2p::membership
