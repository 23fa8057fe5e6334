// What a node says of itself, and the CBOR in which it is signed and relayed (DESIGN.md section 9):
// a map of node_id, incarnation, addresses, services [{name, version}], capabilities, version, started_at (milliseconds
// since 1970), instance, status ("alive" or "left"), roots and, where known, dialable. Unknown members are allowed;
// they travel on because the signed bytes travel on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::membership {

struct ServiceVersion {
  std::string name;
  std::string version;
  bool operator==(const ServiceVersion&) const = default;
};

/// What a node may say of its own state; whether others believe it to be alive is NodeStatus.
enum class RecordStatus : unsigned char { alive, left };

struct Record {
  std::string node_id;
  std::uint64_t incarnation = 0;       ///< 1 to kMaxIncarnation
  std::vector<std::string> addresses;  ///< host:port, the one to try first in front
  std::vector<ServiceVersion> services;
  std::vector<std::string> capabilities;
  std::string version;  ///< of the program
  WallTime started_at{};
  std::uint64_t instance = 0;  ///< random for each start of the process: tells a restart from a second process
  RecordStatus status = RecordStatus::alive;
  std::optional<bool> dialable;      ///< whether others could dial it, as far as it was told
  std::vector<std::string> roots{};  ///< key ids (hexadecimal) of the CA certificates that it trusts
  bool operator==(const Record&) const = default;
};

/// The bytes as they are signed, the signature, and the certificate (DER) whose key made it.
struct SignedRecord {
  Bytes record;
  Bytes signature;
  Bytes certificate;
  bool operator==(const SignedRecord&) const = default;
};

Bytes encode_record(const Record& record);

/// `too_large` past a limit of limits.hpp, `damaged` for anything that is not such a map.
Result<Record> decode_record(ByteView bytes);

/// Addresses for people: escaped, with commas between, "an unknown address" for none.
std::string addresses_text(const std::vector<std::string>& addresses);

/// What the signature covers: `p2p-record/1`, NUL, cluster name, NUL, record bytes.
Bytes signed_text(std::string_view cluster_name, ByteView record);

}  // namespace p2p::membership
