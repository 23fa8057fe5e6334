// What the ACME server needs of the CA: who may have what, and certificates. Passed in, so that the server does not
// know where the CA keeps its keys and its inventory.
#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "acme/grant.hpp"
#include "acme/renewal_window.hpp"
#include "base/bytes.hpp"
#include "crypto/secret.hpp"
#include "pki/certificate.hpp"
#include "pki/certificate_id.hpp"

namespace p2p::acme {

/// Every member blocks and is called on threads of a pool, several at once.
class Issuance {
 public:
  virtual ~Issuance() = default;
  /// The MAC key of an invitation, whatever its state, so that a used one verifies before it is refused; `not_found`
  /// for a kid that never was.
  virtual Result<crypto::Secret> eab_key(std::string_view kid) = 0;
  /// Binds an account key (its RFC 7638 thumbprint) to the invitation, atomically: a use is consumed, once for the same
  /// thumbprint. `not_permitted` when expired, used up or revoked.
  virtual Result<Grant> redeem(std::string_view kid, std::string_view thumbprint, WallTime now) = 0;
  /// Makes a grant for a node of the fleet that shows its certificate, and binds the account key to it: a certificate
  /// that a person signed renews like one from an invitation. `not_permitted` when the certificate is not a valid one
  /// of a node, `limited` when its name has had too many.
  virtual Result<Grant> admit(const pki::CertificateId& certificate, std::string_view thumbprint, WallTime now) = 0;
  /// The present grant of a bound account; `not_permitted` when revoked since.
  virtual Result<Grant> grant_of(std::string_view kid, std::string_view thumbprint) = 0;
  /// True when `name` belongs to another node than the grant's or is kept from everybody; such a name is never
  /// validated.
  virtual bool is_reserved(const pki::SubjectName& name, const Grant& grant) = 0;
  /// Signs and records; the chain in PEM, leaf first. `unsupported` for a key that is not certified (its kind, or as it
  /// was revoked for key_compromise), `invalid` or `not_permitted` when these names are not (name constraints), any
  /// other error may pass.
  virtual Result<std::string> issue(const Grant& grant, const std::vector<pki::SubjectName>& names,
                                    const EVP_PKEY& subject_key, WallTime now) = 0;
  /// `exists` when it is revoked already, `not_found` for a foreign one. `by` is for the journal.
  virtual Result<void> revoke(const pki::Certificate& certificate, int reason, std::string_view by, WallTime now) = 0;
  /// For a certificate of this CA, by its authority key id and serial (as in CertificateFacts); `not_found` otherwise.
  virtual Result<RenewalWindow> renewal_window(ByteView authority_key_id, ByteView serial, WallTime now) = 0;
};

}  // namespace p2p::acme
