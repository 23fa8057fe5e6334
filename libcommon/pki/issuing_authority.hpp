// The one way in which certificates are signed: the CA's keys together with the inventory of all that they have done.
// What is signed is recorded first, and handed out only when the record is safe on disk. The offline tools and a
// running coordinator work on the same files at once; nothing here is remembered that another process may change.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "crypto/secret.hpp"
#include "pki/authority_files.hpp"
#include "pki/certificate_id.hpp"
#include "pki/crl.hpp"
#include "pki/inventory.hpp"
#include "pki/invitation.hpp"

namespace p2p::pki {

/// Who does something and when; recorded with it. `who` is `user@host`, or a node or account of the ACME server.
struct Act {
  std::string who;
  WallTime at{};
};

/// `user@host` of this process.
std::string whoami();

/// A certificate to be signed, for a key of the caller or of somebody else.
struct Order {
  LeafRequest request;
  const EVP_PKEY* key = nullptr;
};

/// Looks at a certificate before it is recorded and handed out.
using Check = std::function<Result<void>(const Certificate&)>;

/// What a coordinator publishes.
struct SignedCrl {
  std::uint64_t number = 0;
  WallTime next_update{};
  std::string pem;  ///< a list for each root whose key is here
};

/// What a revocation came to.
struct Revocation {
  std::vector<RecordedCertificate> certificates{};  ///< as they are recorded now; none where only invitations were open
  std::vector<RecordedInvitation> invitations{};    ///< those that a machine could still have used
  bool is_repeated = false;                         ///< all was revoked before, and nothing has changed
};

struct InvitationRequest {
  std::string name;
  std::optional<Role> role = Role::worker;  ///< none: for another program
  std::vector<SubjectName> names{};         ///< allowed beyond the name
  std::chrono::seconds ttl{24 * 3600};
  std::uint64_t uses = 1;
};

inline constexpr std::chrono::hours kMaxInvitationTtl{366 * 24};
inline constexpr std::uint64_t kMaxInvitationUses = 10'000;
/// Of one name, for admit(): a stolen node cannot fill the inventory.
inline constexpr std::size_t kMaxOpenInvitations = 32;

/// Every member blocks (files, SQLite, signatures) and may be called from any thread; one works at a time.
class IssuingAuthority {
 public:
  /// Opens the CA. An inventory that is missing is made, and takes in the certificates of this CA beside the CA's own;
  /// so does it take in a root that was put there by other means. `not_found` names a missing file; `damaged` while
  /// the files are those of a restore that was cut off.
  static Result<IssuingAuthority> open(AuthorityPaths paths, const Act& act);
  /// As open(), for whoever restores and has not ended it yet.
  static Result<IssuingAuthority> open_restored(AuthorityPaths paths, const Act& act);
  /// Makes a new CA, replacing what is there: the old roots are retired. The caller holds the folder's lock.
  static Result<IssuingAuthority> make(AuthorityPaths paths, const AuthorityRequest& request, const Act& act);

  /// Signs all of them or none; in their order. Errors as Authority::issue; `unsupported` also for a key of which a
  /// certificate was revoked for key_compromise; `limited` when the disk is full. What `check` refuses is as if it had
  /// never been signed.
  Result<std::vector<Certificate>> issue(std::span<const Order> orders, const Act& act, const Check& check = {});
  Result<Certificate> issue(const LeafRequest& request, const EVP_PKEY& key, const Act& act, const Check& check = {});

  /// Revokes every certificate of that name that is valid now, and its open invitations. The list is signed anew by the
  /// next current_crl(). `not_found` when there is neither, nor a certificate that would be valid had it not been
  /// revoked before.
  Result<Revocation> revoke_name(const std::string& name, RevocationReason reason, const Act& act);
  /// What people type: a name as above; the kid of an invitation, which alone is taken back, with the accounts that
  /// have used it; or a serial number or its beginning (8 hexadecimal digits at least), which must be of one
  /// certificate only.
  Result<Revocation> revoke_target(const std::string& target, RevocationReason reason, const Act& act);
  /// Revokes one; again is not an error and changes nothing. `not_found` when this CA has not signed it.
  Result<void> revoke(const Certificate& certificate, RevocationReason reason, const Act& act);

  /// The newest list, signed anew when something changed or half of its time is over; also in its file then.
  /// Its number never goes back, in no process: it is at least the Unix time, so that not even a restored backup
  /// repeats one.
  Result<SignedCrl> current_crl(const Act& act);

  /// After a restore: what these lists of this CA (PEM) revoke stays revoked, even what was signed after the backup,
  /// and the next list has a higher number. Errors as read_crls(); `name` begins the error's text.
  Result<void> adopt_crl(std::string_view pem, const std::string& name, const Act& act);

  /// Makes one, and the EAB secret where that is missing; the string to hand over is in the result's `write_invitation`
  /// form once the caller has put its coordinators in. `invalid` for names that this CA may not sign.
  Result<Invitation> invite(const InvitationRequest& request, const Act& act);
  /// `not_found` for a kid that was never made.
  Result<RecordedInvitation> find_invitation(std::string_view kid);
  /// The MAC key of a kid whatever its state, kEabKeyBytes; `not_found` for one that was never made.
  Result<crypto::Secret> eab_key(std::string_view kid);
  /// Binds an account (RFC 7638 thumbprint of its key) to the invitation and uses it up by one; an account that is
  /// bound already is welcome again. `not_permitted` when it has expired, is used up or revoked, and for a kid never
  /// made.
  Result<RecordedInvitation> redeem(std::string_view kid, std::string_view thumbprint, const Act& act);
  /// For a node that shows a certificate of this CA: makes an invitation with its role, name and DNS names, and binds
  /// the account to it. `not_permitted` when it is not a node's, is revoked or over; `limited` past
  /// kMaxOpenInvitations of the name.
  Result<RecordedInvitation> admit(const CertificateId& certificate, std::string_view thumbprint, const Act& act);
  /// The invitation of an account that is bound to it; `not_permitted` when it is not, or was revoked.
  Result<RecordedInvitation> invitation_of(std::string_view kid, std::string_view thumbprint);
  /// What a machine may still redeem at `now`, sorted by name, then by expiry.
  Result<std::vector<RecordedInvitation>> redeemable_invitations(WallTime now);
  /// Takes it back, with the accounts that have used it; again is not an error and changes nothing. `not_found` for a
  /// kid that was never made.
  Result<Revocation> revoke_invitation(std::string_view kid, const Act& act);

  /// True for what nobody is ever asked to prove: loopback, unspecified addresses, `localhost`, and DNS names in valid
  /// certificates and open invitations of others than `name`. Other addresses never are, as they move between
  /// machines: http-01 shows who has one now.
  Result<bool> is_reserved(const SubjectName& subject, std::string_view name, WallTime now);

  Result<std::vector<RecordedCertificate>> certificates(const CertificateFilter& filter);
  /// By authority key identifier and serial (leading zeros do not count); `not_found` for one of another CA.
  Result<RecordedCertificate> find(ByteView issuer_key_id, ByteView serial);
  Result<bool> has(const Certificate& certificate);
  /// Whether issue() refuses this key, as a certificate of it was revoked for key_compromise.
  Result<bool> is_compromised(const EVP_PKEY& key);
  Result<AuditReport> audit(ByteView noted_head);

  /// Rotation, step by step (man p2p-ca, rotate). Each step also signs the list of roots that nodes go by
  /// (root_list.hpp). Makes a new key and root, trusted beside the one that signs;
  /// `exists` when there are two already.
  Result<Certificate> make_successor(crypto::KeyType key_type, std::chrono::days lifetime, const Act& act);
  /// From now on the new key signs; `not_found` without a successor.
  Result<Certificate> activate_successor(const Act& act);
  /// Drops the old root and its key. `not_permitted` while what it signed is in use (outdated_certificates()), unless
  /// `anyway`; `not_found` when there is no old root.
  Result<void> retire_predecessor(bool anyway, const Act& act);

  /// What a root that does not sign any more has signed, is valid, and has no successor: a valid certificate of that
  /// name and role by the root that signs now. Sorted by name.
  Result<std::vector<RecordedCertificate>> outdated_certificates(WallTime now);

  /// The trusted roots now, the one that signs first.
  Result<Roots> roots();
  const std::string& cluster_name() const noexcept { return cluster_name_; }
  const AuthorityPaths& paths() const noexcept { return paths_; }

 private:
  IssuingAuthority(AuthorityPaths paths, AuthoritySet set, Inventory inventory);
  /// Reads the keys again when another process has changed the roots. Within a transaction, as most of what follows.
  Result<void> refresh();
  Result<void> record_files(const Act& act);
  Result<void> import_certificates(const Act& act);
  /// The highest number among lists of this CA; 0 for a text that is none.
  /// Within a transaction: what these lists revoke is revoked here too.
  Result<void> adopt_lists(std::string_view pem, const std::string& name, const Act& act);
  std::uint64_t highest_number(std::string_view pem) const;
  Result<std::string> sign_lists(std::uint64_t number, WallTime now);
  Result<SignedCrl> sign_crl_anew(std::uint64_t last, const Act& act);
  Result<crypto::Secret> eab_secret(bool make);
  Result<crypto::Secret> derive_eab_key(std::string_view kid, bool make_secret);
  /// A new kid and its key. Neither begins with a hyphen in base64url, which certbot and lego would take for an option.
  Result<crypto::Secret> choose_kid(std::string& kid);
  Result<RecordedRoot> other_root(bool successor);
  Result<std::vector<RecordedCertificate>> list_outdated(WallTime now);
  Result<void> write_roots(const std::vector<Certificate>& roots, const Act& act);
  Result<void> write_root_list(const std::vector<Certificate>& roots, const Act& act);
  /// The list of roots says what ca_cert.pem says, also after a step that was cut off between the two.
  Result<void> repair_root_list(const Act& act);
  Result<void> remove_idle_keys();

  AuthorityPaths paths_;
  AuthoritySet set_;
  Inventory inventory_;
  std::string cluster_name_;
  std::int64_t roots_version_ = 0;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

}  // namespace p2p::pki
