// What clients send (RFC 8555 section 7): payloads of signed requests, read with limits. Members that are not known
// are ignored. Every refusal is a Refusal that names the member. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/refusal.hpp"
#include "base/bytes.hpp"
#include "base/json.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

inline constexpr std::size_t kMaxContacts = 10;
inline constexpr std::size_t kMaxContactBytes = 320;
/// As many as a certificate may have beyond its own name.
inline constexpr std::size_t kMaxIdentifiers = 100;
/// A request or certificate in DER.
inline constexpr std::size_t kMaxDerBytes = 32 * 1024;

/// Section 7.3. Agreeing to terms of service is neither asked for nor recorded.
struct NewAccount {
  std::vector<std::string> contact;
  bool only_return_existing = false;
  std::optional<Json> binding;  ///< externalAccountBinding
};
/// `unsupportedContact` unless mailto, `invalidContact` for several addresses in one or header fields.
Outcome<NewAccount> read_new_account(std::string_view payload);

/// Sections 7.3.2 and 7.3.6. An empty object changes nothing.
struct AccountUpdate {
  std::optional<std::vector<std::string>> contact;
  bool deactivate = false;
};
Outcome<AccountUpdate> read_account_update(std::string_view payload);

/// Section 7.4 and RFC 9773 section 5. notBefore and notAfter are refused, as they would not be followed.
struct NewOrder {
  std::vector<pki::SubjectName> identifiers;
  std::string replaces;  ///< certificate id; empty: none
};
Outcome<NewOrder> read_new_order(std::string_view payload);

/// Section 7.5.2: true for {"status":"deactivated"}, false for an object without status.
Outcome<bool> read_deactivation(std::string_view payload);

/// Section 7.4: the certificate request in DER.
Outcome<Bytes> read_finalize(std::string_view payload);

/// Section 7.6.
struct Revocation {
  Bytes certificate;  ///< DER
  int reason = 0;
};
/// `badRevocationReason` for codes of RFC 5280 section 5.3.1 that are not a leaf's owner's to give.
Outcome<Revocation> read_revocation(std::string_view payload);

/// Section 7.3.5: the inner payload.
struct KeyChange {
  std::string account;  ///< URL
  Json old_key;
};
Outcome<KeyChange> read_key_change(std::string_view payload);

}  // namespace p2p::acme
