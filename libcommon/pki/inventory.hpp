// What a CA has done: one SQLite database. Every event (a certificate issued or revoked, a CRL signed, an invitation
// made or used, a root made) is a row of one hash-chained journal, who did it and when; the other tables follow from
// the journal and can be made from it again, which is how audit() finds a row that was changed by hand.
//
//   hash = SHA-256(hash of the event before (32 zero bytes for the first)
//                  ‖ seq ‖ at ‖ for each of who, kind, body, attachment: its length and its bytes)
//
// with numbers of 8 bytes, big-endian; `at` in Unix seconds, `body` JSON text, `attachment` a certificate in DER.
// The end of a chain cannot show that more was there; whoever noted an earlier head can (audit()).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/sqlite.hpp"
#include "crypto/digest.hpp"
#include "pki/certificate.hpp"
#include "pki/revocation.hpp"

namespace p2p::pki {

/// An event to be recorded; inventory_events.hpp makes them.
struct Event {
  std::string kind;
  Json body;
  Bytes attachment{};
};

struct RecordedCertificate {
  std::string name;          ///< under which it is revoked and renewed
  std::optional<Role> role;  ///< none: a server of another program
  Bytes issuer_key_id;
  Bytes serial;
  WallTime not_before{};
  WallTime not_after{};
  WallTime issued_at{};
  std::string issued_by;
  struct Revoked {
    WallTime at{};
    RevocationReason reason = RevocationReason::unspecified;
  };
  std::optional<Revoked> revoked;
  Bytes der;
};

/// All that is given must hold.
struct CertificateFilter {
  std::optional<std::string> name{};
  std::optional<Bytes> issuer_key_id{};
  std::optional<std::string> serial_prefix{};  ///< hexadecimal, lower case
  std::optional<WallTime> expires_after{};     ///< not_after is later
  std::optional<WallTime> expires_by{};        ///< not_after is this or earlier
  std::optional<bool> revoked{};
};

struct RecordedInvitation {
  std::string kid;
  std::string name;
  std::optional<Role> role;  ///< none: for another program
  std::vector<SubjectName> names;
  WallTime created_at{};
  WallTime expires_at{};
  std::uint64_t uses = 1;  ///< accounts that may be bound to it
  std::uint64_t used = 0;
  std::optional<WallTime> revoked_at;
};

struct RecordedRoot {
  Bytes key_id;
  std::int64_t seq = 0;  ///< of the event that added it; a successor's is higher
  bool active = false;
};

struct RecordedCrl {
  std::uint64_t number = 0;
  WallTime signed_at{};
  WallTime next_update{};
  bool is_current = false;  ///< nothing was revoked and no root changed since
  std::string pem;
};

struct AuditReport {
  std::int64_t event_count = 0;
  std::int64_t certificate_count = 0;  ///< ever signed, without roots
  crypto::Sha256 head{};
  bool has_noted_head = true;         ///< the head to look for is in the chain
  std::vector<std::string> findings;  ///< a sentence each, at most kMaxFindings; empty: all is well
};
inline constexpr std::size_t kMaxFindings = 100;

/// One connection, one thread at a time; other processes may use the same file. Blocks.
class Inventory {
 public:
  /// Makes file and folder where they are missing, and brings an older schema to this one (a copy is kept aside).
  static Result<Inventory> open(const std::filesystem::path& path);

  /// Everything between this and its commit() is recorded, or nothing is.
  Result<Transaction> begin() { return Transaction::begin(database_); }
  /// Within a transaction.
  Result<void> append(const Event& event, std::string_view who, WallTime at);
  /// Keeps the text of the CRL that the last event told of, in place of the one before. Within a transaction.
  Result<void> keep_crl_text(std::uint64_t number, std::string_view pem);

  /// Serials that a list of this CA had, of certificates that are not recorded here, and since when.
  Result<std::map<Bytes, WallTime>> adopted_revocations(ByteView issuer_key_id);
  /// Sorted by name, then by end.
  Result<std::vector<RecordedCertificate>> certificates(const CertificateFilter& filter);
  Result<bool> has_certificate(const Certificate& certificate);
  /// Whether a certificate of this key was revoked for key_compromise. Not within a transaction that has revoked.
  Result<bool> is_compromised(const EVP_PKEY& key);
  /// DNS names in certificates of others than `name` that are valid at `at` and not revoked, and those names
  /// themselves; likewise of invitations that are open at `at` (see open_invitations).
  Result<bool> belongs_to_other(std::string_view dns_name, std::string_view name, WallTime at);

  /// `not_found` when there is none of that kid.
  Result<RecordedInvitation> invitation(std::string_view kid);
  /// Not revoked, and of use at `at`: not expired, or bound to an account already, which may still renew by it.
  Result<std::vector<RecordedInvitation>> open_invitations(std::string_view name, WallTime at);
  /// What a machine may still redeem at `at`: not revoked, not expired, not used up. Sorted by name, then by expiry.
  Result<std::vector<RecordedInvitation>> redeemable_invitations(WallTime at);
  Result<bool> is_bound(std::string_view kid, std::string_view thumbprint);

  /// Those that are trusted; the active one first.
  Result<std::vector<RecordedRoot>> roots();
  /// Whether a root of this key was trusted once and was retired.
  Result<bool> is_retired_root(ByteView key_id);
  /// Rises whenever a root is added, activated or retired.
  Result<std::int64_t> roots_version();
  Result<std::optional<RecordedCrl>> newest_crl();
  Result<bool> is_empty();

  /// Walks the whole chain and makes the tables anew to compare. `noted_head` may be empty.
  Result<AuditReport> audit(ByteView noted_head);

 private:
  explicit Inventory(Database database) : database_(std::move(database)) {}
  Result<std::vector<RecordedInvitation>> invitations(const std::string& where, std::string_view text,
                                                      std::int64_t number);
  Result<void> read_compromised(std::int64_t up_to);
  Database database_;
  /// The keys that is_compromised() knows of, up to that event of the journal; what is in a journal stays.
  std::set<crypto::Sha256> compromised_keys_;
  std::int64_t compromised_seq_ = 0;
};

}  // namespace p2p::pki
