// Why a certificate was revoked, and which ones are: an immutable snapshot of the newest list of each CA key, asked at
// every handshake. Pure; lists are read and their signatures checked in crl.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace p2p::pki {

/// RFC 5280 section 5.3.1, with its numbers; those that make no sense in a fleet are left out.
enum class RevocationReason : unsigned char {
  unspecified = 0,
  key_compromise = 1,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  privilege_withdrawn = 9,
};

/// `key-compromise`, …
std::string_view to_string(RevocationReason reason) noexcept;
std::optional<RevocationReason> parse_revocation_reason(std::string_view text) noexcept;
/// From its number in RFC 5280; none for one that is not used here.
std::optional<RevocationReason> revocation_reason_of(int number) noexcept;
/// In the order of the standard.
std::vector<RevocationReason> revocation_reasons();

struct RevokedSerial {
  Bytes serial;   ///< big-endian magnitude without leading zeros
  WallTime at{};  ///< when it was revoked; 0 where that cannot be read
  RevocationReason reason = RevocationReason::unspecified;
  bool operator==(const RevokedSerial&) const = default;
};

/// One CRL, its signature checked.
struct RevocationList {
  Bytes issuer_key_id;
  std::uint64_t number = 0;
  WallTime this_update{};
  WallTime next_update{};
  std::vector<RevokedSerial> revoked;  ///< sorted by serial

  /// In logarithmic time; nullptr where it is not revoked.
  const RevokedSerial* find(ByteView serial) const;
};

/// Any thread; cheap to copy.
class RevocationLists {
 public:
  /// The same with this list, unless the one of that issuer here has its number or a higher one.
  RevocationLists with(RevocationList list) const;

  /// Logarithmic in the length of the one list; false when there is none of this issuer.
  bool is_revoked(ByteView issuer_key_id, ByteView serial) const;
  /// The list of that issuer, or none; valid as long as this snapshot.
  const RevocationList* find(ByteView issuer_key_id) const;

 private:
  /// One or, during a rotation, two.
  std::vector<std::shared_ptr<const RevocationList>> lists_;
};

}  // namespace p2p::pki
