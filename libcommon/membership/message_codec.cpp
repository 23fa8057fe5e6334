#include "membership/message_codec.hpp"

#include "base/json.hpp"

namespace p2p::membership {
namespace {

Json::binary_t binary(ByteView bytes) { return Json::binary_t(Bytes(bytes.begin(), bytes.end())); }

/// Rounded up: relayed news may look older than it is, never younger.
std::uint64_t tenths(std::chrono::milliseconds age) { return static_cast<std::uint64_t>((age.count() + 99) / 100); }

Json encode_buckets(const BucketSums& sums) {
  Bytes out;
  for (std::size_t i = 0; i < kBucketCount; ++i) {
    if (sums[i] == 0) continue;
    out.push_back(static_cast<std::uint8_t>(i));
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(sums[i] >> shift));
  }
  return Json::binary(std::move(out));
}

Json encode_covered(const BucketSet& covered) {
  Bytes out;
  for (std::size_t i = 0; i < kBucketCount; ++i) {
    if (covered[i]) out.push_back(static_cast<std::uint8_t>(i));
  }
  return Json::binary(std::move(out));
}

Json encode_heartbeats(const std::vector<Heartbeat>& heartbeats) {
  Json out = Json::array();
  for (const auto& heartbeat : heartbeats) {
    out.push_back(heartbeat.node_id);
    out.push_back(heartbeat.incarnation);
    out.push_back(heartbeat.counter);
    out.push_back(tenths(heartbeat.age));
  }
  return out;
}

Json encode_suspicions(const std::vector<Suspicion>& suspicions) {
  Json out = Json::array();
  for (const auto& suspicion : suspicions) {
    out.push_back(suspicion.node_id);
    out.push_back(suspicion.incarnation);
  }
  return out;
}

void encode_signs(Json& out, const SignsOfLife& signs) {
  out["heartbeats"] = encode_heartbeats(signs.heartbeats);
  out["suspicions"] = encode_suspicions(signs.suspicions);
}

void encode_lines(Json& out, const char* key, const BulletinLines& lines) {
  if (lines.empty()) return;
  Json& flat = out[key] = Json::array();
  for (const auto& line : lines) {
    flat.push_back(line.kind);
    flat.push_back(line.version);
  }
}

void encode_contents(Json& out, const CarriedBulletins& contents) {
  if (contents.empty()) return;
  Json& flat = out["contents"] = Json::array();
  for (const auto& bulletin : contents) {
    flat.push_back(bulletin.kind);
    flat.push_back(binary(*bulletin.content));
  }
}

template <class Records>
void encode_records(Json& out, const Records& carried) {
  Json records = Json::array(), signatures = Json::array(), certificates = Json::array(), heartbeats = Json::array();
  for (const CarriedRecord& one : carried) {
    records.push_back(binary(one.signed_record->record));
    signatures.push_back(binary(one.signed_record->signature));
    certificates.push_back(binary(one.with_certificate ? ByteView(one.signed_record->certificate) : ByteView()));
    heartbeats.push_back(one.heartbeat);
    heartbeats.push_back(tenths(one.age));
  }
  out["records"] = std::move(records);
  out["signatures"] = std::move(signatures);
  out["certificates"] = std::move(certificates);
  out["heartbeats_of"] = std::move(heartbeats);
}

void encode(Json& out, const DigestMessage& message) {
  out["cluster"] = message.cluster_name;
  out["buckets"] = encode_buckets(message.buckets);
  encode_signs(out, message.signs);
  encode_lines(out, "bulletins", message.bulletins);
}
void encode(Json& out, const DiffMessage& message) {
  out["covered"] = encode_covered(message.covered);
  Json listing = Json::array();
  for (const auto& listed : message.listing) {
    listing.push_back(listed.node_id);
    listing.push_back(listed.incarnation);
    listing.push_back(listed.short_hash);
    listing.push_back(listed.short_certificate);
  }
  out["listing"] = std::move(listing);
  encode_signs(out, message.signs);
  encode_lines(out, "bulletins", message.bulletins);
}
void encode(Json& out, const PullMessage& message) {
  out["cluster"] = message.cluster_name;
  encode_records(out, message.records);
  Json wanted = Json::array();
  for (const auto& one : message.wanted) {
    wanted.push_back(one.node_id);
    wanted.push_back(one.short_certificate);
  }
  out["wanted"] = std::move(wanted);
  encode_lines(out, "wanted_bulletins", message.wanted_bulletins);
  encode_contents(out, message.contents);
}
void encode(Json& out, const RecordsMessage& message) {
  encode_records(out, message.records);
  encode_contents(out, message.contents);
}
void encode(Json& out, const JoinMessage& message) {
  out["cluster"] = message.cluster_name;
  encode_records(out, CarriedRecords{message.record});
}
void encode(Json& out, const JoinedMessage& message) {
  out["exceed"] = message.exceed;
  encode_records(out, CarriedRecords{message.record});
}
void encode(Json& out, const PushMessage& message) {
  encode_records(out, message.records);
  out["suspicions"] = encode_suspicions(message.suspicions);
  encode_lines(out, "bulletins", message.bulletins);
  encode_contents(out, message.contents);
}

}  // namespace

Bytes encode_message(const Message& message) {
  Json out = {{"type", type_of(message)}};
  std::visit([&](const auto& content) { encode(out, content); }, message);
  return dump_cbor(out);
}

}  // namespace p2p::membership
