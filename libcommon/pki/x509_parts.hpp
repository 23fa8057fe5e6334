// What certificates, requests and revocation lists have in common on OpenSSL's side. For the files of this folder.
#pragma once

#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "pki/subject_name.hpp"

namespace p2p::pki {

struct PartDeleter {
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(STACK_OF(X509_EXTENSION) * list) const noexcept {
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(GENERAL_NAME* name) const noexcept { GENERAL_NAME_free(name); }
  void operator()(GENERAL_SUBTREE* subtree) const noexcept { GENERAL_SUBTREE_free(subtree); }
  void operator()(NAME_CONSTRAINTS* constraints) const noexcept { NAME_CONSTRAINTS_free(constraints); }
  void operator()(AUTHORITY_KEYID* id) const noexcept { AUTHORITY_KEYID_free(id); }
  void operator()(ASN1_STRING* text) const noexcept { ASN1_STRING_free(text); }
  void operator()(X509_REVOKED* entry) const noexcept { X509_REVOKED_free(entry); }
};
template <class T>
using Owned = std::unique_ptr<T, PartDeleter>;

/// Empty for none.
ByteView bytes_of(const ASN1_STRING* text);
inline Bytes copy_of(const ASN1_STRING* text) {
  const ByteView bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

std::time_t to_seconds(WallTime time);

/// The first common name in UTF-8, empty when there is none; `damaged` when it cannot be read.
Result<std::string> common_name_of(const X509_NAME* name);
/// Adds it, cut to 64 bytes (RFC 5280 appendix A, ub-common-name).
bool add_common_name(X509_NAME* name, std::string_view common_name);

/// Alternative names (RFC 5280 section 4.2.1.6) as text.
struct AlternativeNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> uris;
  bool has_others = false;  ///< of a kind that nothing here uses
};

/// `damaged` for an address of a wrong length and for a NUL in a name.
Result<AlternativeNames> read_alternative_names(const GENERAL_NAMES& names);

/// The name of a type (GEN_DNS, GEN_IPADD, GEN_URI) with these bytes; none when memory is out.
Owned<GENERAL_NAME> make_general_name(int type, std::string_view bytes);

/// An empty URI is left out; none for a name that is not an address where it must be one.
Owned<GENERAL_NAMES> make_alternative_names(const std::vector<SubjectName>& names, const std::string& uri);

}  // namespace p2p::pki
