// The reading half of the codec: bytes that anyone may have sent.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "membership/limits.hpp"
#include "membership/message_codec.hpp"

namespace p2p::membership {
namespace {

constexpr std::size_t kBucketEntryBytes = 9;  // number and sum
constexpr std::size_t kMaxRecords = 16'384;
constexpr std::uint64_t kMaxAgeTenths = 10'000'000;  // eleven days: as good as for ever

Error damaged(std::string_view what) { return {Errc::damaged, fmt::format("gossip message with bad {}", what)}; }

/// Reads the members of a message; the first fault is kept, and later reads give empty values.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  std::string name(std::string_view key) {
    const std::string* text = find_string(object_, key);
    if (text == nullptr || !is_valid_name(*text)) return fail(key), std::string();
    return *text;
  }
  std::uint64_t number(std::string_view key) {
    const auto value = find_unsigned(object_, key);
    if (!value) fail(key);
    return value.value_or(0);
  }

  BucketSums buckets() {
    BucketSums out{};
    const Bytes* bytes = binary_of(find_member(object_, "buckets"));
    if (bytes == nullptr || bytes->size() % kBucketEntryBytes != 0) return fail("buckets"), out;
    int last = -1;
    for (std::size_t at = 0; at < bytes->size(); at += kBucketEntryBytes) {
      const int bucket = (*bytes)[at];
      std::uint64_t sum = 0;
      for (std::size_t i = 1; i < kBucketEntryBytes; ++i) sum = sum << 8 | (*bytes)[at + i];
      if (bucket <= last) return fail("buckets"), BucketSums{};
      out[static_cast<std::size_t>(bucket)] = sum;
      last = bucket;
    }
    return out;
  }
  BucketSet covered() {
    BucketSet out;
    const Bytes* bytes = binary_of(find_member(object_, "covered"));
    if (bytes == nullptr || bytes->size() > kBucketCount) return fail("covered"), out;
    for (const std::uint8_t bucket : *bytes) out.set(bucket);
    return out;
  }

  SignsOfLife signs() { return {heartbeats(), suspicions()}; }
  std::vector<Suspicion> suspicions() {
    std::vector<Suspicion> out;
    rows("suspicions", 2, kMaxSuspicions, [&](const Json* row) {
      out.push_back({name_in(row[0]), number_in(row[1])});
    });
    return out;
  }
  std::vector<Listed> listing() {
    std::vector<Listed> out;
    rows("listing", 4, kMaxNodes, [&](const Json* row) {
      out.push_back({name_in(row[0]), number_in(row[1]), number_in(row[2]), number_in(row[3])});
    });
    return out;
  }
  std::vector<Wanted> wanted() {
    std::vector<Wanted> out;
    rows("wanted", 2, kMaxWanted, [&](const Json* row) { out.push_back({name_in(row[0]), number_in(row[1])}); });
    return out;
  }

  BulletinLines lines(std::string_view key) {
    BulletinLines out;
    if (find_member(object_, key) == nullptr) return out;
    rows(key, 2, kMaxBulletinLines, [&](const Json* row) { out.push_back({kind_in(row[0]), number_in(row[1])}); });
    return out;
  }
  CarriedBulletins contents() {
    CarriedBulletins out;
    if (find_member(object_, "contents") == nullptr) return out;
    rows("contents", 2, kMaxBulletinLines, [&](const Json* row) {
      out.push_back({kind_in(row[0]), std::make_shared<const Bytes>(bytes_in(row[1], kMaxBulletinBytes))});
    });
    return out;
  }

  CarriedRecords records() {
    const Json* lists[4] = {list("records"), list("signatures"), list("certificates"), list("heartbeats_of")};
    CarriedRecords out;
    if (fault_) return out;
    const std::size_t count = lists[0]->size();
    if (count > kMaxRecords) return too_many("records"), out;
    for (std::size_t i = 0; i < std::size(lists); ++i) {
      if (lists[i]->size() != (i < 3 ? count : 2 * count)) return fail("records: its arrays differ in length"), out;
    }
    for (std::size_t i = 0; i < count && !fault_; ++i) {
      auto carried = std::make_shared<SignedRecord>();
      carried->record = bytes_in((*lists[0])[i], kMaxRecordBytes);
      carried->signature = bytes_in((*lists[1])[i], kMaxSignatureBytes);
      carried->certificate = bytes_in((*lists[2])[i], kMaxCertificateBytes);
      const bool with_certificate = !carried->certificate.empty();
      out.push_back(
          {std::move(carried), with_certificate, number_in((*lists[3])[2 * i]), age_in((*lists[3])[2 * i + 1])});
    }
    return out;
  }
  CarriedRecord one_record() {
    CarriedRecords all = records();
    if (all.size() == 1) return std::move(all.front());
    fail("records: exactly one belongs here");
    return {};
  }

  const std::optional<Error>& fault() const { return fault_; }

 private:
  void fail(std::string_view what) {
    if (!fault_) fault_ = damaged(what);
  }
  void too_many(std::string_view what) {
    if (!fault_) fault_ = Error(Errc::too_large, fmt::format("gossip message with too many {}", what));
  }
  static const Bytes* binary_of(const Json* value) {
    return value != nullptr && value->is_binary() ? &value->get_binary() : nullptr;
  }
  const Json* list(std::string_view key) {
    const Json* member = find_member(object_, key);
    if (member == nullptr || !member->is_array()) fail(key);
    return member;
  }
  std::string name_in(const Json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !is_valid_name(*text)) return fail("node_id"), std::string();
    return *text;
  }
  std::string kind_in(const Json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !is_valid_kind(*text)) return fail("kind of a bulletin"), std::string();
    return *text;
  }
  std::uint64_t number_in(const Json& value) {
    if (!value.is_number_unsigned()) return fail("number"), 0;
    return value.get<std::uint64_t>();
  }
  std::chrono::milliseconds age_in(const Json& value) {
    return std::chrono::milliseconds{100 * std::min<std::uint64_t>(number_in(value), kMaxAgeTenths)};
  }
  Bytes bytes_in(const Json& value, std::size_t limit) {
    const Bytes* bytes = binary_of(&value);
    if (bytes == nullptr) return fail("bytes"), Bytes();
    if (bytes->size() > limit) return too_many("bytes in one piece"), Bytes();
    return *bytes;
  }
  /// Calls `take` with each row of `width` elements of the flat array `key`.
  template <class Take>
  void rows(std::string_view key, std::size_t width, std::size_t limit, Take take) {
    const Json* flat = list(key);
    if (fault_) return;
    if (flat->size() % width != 0) return fail(key);
    if (flat->size() / width > limit) return too_many(key);
    const auto& elements = flat->get_ref<const Json::array_t&>();
    for (std::size_t at = 0; at < elements.size() && !fault_; at += width) take(&elements[at]);
  }
  std::vector<Heartbeat> heartbeats() {
    std::vector<Heartbeat> out;
    rows("heartbeats", 4, kMaxNodes, [&](const Json* row) {
      out.push_back({name_in(row[0]), number_in(row[1]), number_in(row[2]), age_in(row[3])});
    });
    return out;
  }

  const Json& object_;
  std::optional<Error> fault_;
};

Message read_digest(Reader& reader) {
  DigestMessage out;
  out.cluster_name = reader.name("cluster");
  out.buckets = reader.buckets();
  out.signs = reader.signs();
  out.bulletins = reader.lines("bulletins");
  return out;
}
Message read_diff(Reader& reader) {
  DiffMessage out;
  out.covered = reader.covered();
  out.listing = reader.listing();
  out.signs = reader.signs();
  out.bulletins = reader.lines("bulletins");
  return out;
}
Message read_pull(Reader& reader) {
  PullMessage out;
  out.cluster_name = reader.name("cluster");
  out.records = reader.records();
  out.wanted = reader.wanted();
  out.contents = reader.contents();
  out.wanted_bulletins = reader.lines("wanted_bulletins");
  return out;
}
Message read_records(Reader& reader) {
  RecordsMessage out;
  out.records = reader.records();
  out.contents = reader.contents();
  return out;
}
Message read_join(Reader& reader) {
  JoinMessage out;
  out.cluster_name = reader.name("cluster");
  out.record = reader.one_record();
  return out;
}
Message read_joined(Reader& reader) {
  JoinedMessage out;
  out.exceed = reader.number("exceed");
  out.record = reader.one_record();
  return out;
}
Message read_push(Reader& reader) {
  PushMessage out;
  out.records = reader.records();
  out.suspicions = reader.suspicions();
  out.bulletins = reader.lines("bulletins");
  out.contents = reader.contents();
  return out;
}

/// In the order of the variant's alternatives, as the names in message.cpp are.
constexpr Message (*kReaders[])(Reader&) = {read_digest, read_diff,   read_pull, read_records,
                                            read_join,   read_joined, read_push};
static_assert(std::size(kReaders) == std::variant_size_v<Message>);

}  // namespace

Result<Message> decode_message(ByteView bytes) {
  if (bytes.size() > kMaxMessageBytes) {
    return Error(Errc::too_large, fmt::format("gossip message of {} bytes", bytes.size()));
  }
  const auto object = parse_cbor(bytes);
  if (!object) return Error(Errc::damaged, "gossip message: " + object.error().context);
  const std::string* name = find_string(*object, "type");
  if (name == nullptr) return damaged("type");
  for (std::size_t i = 0; i < std::size(kReaders); ++i) {
    if (kMessageTypes[i] != *name) continue;
    Reader reader(*object);
    Message out = kReaders[i](reader);
    if (reader.fault()) return *reader.fault();
    return out;
  }
  return Error(Errc::unsupported, fmt::format("gossip message of unknown type \"{}\"", escape_controls(*name)));
}

}  // namespace p2p::membership
