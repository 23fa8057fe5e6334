// The revocation lists that a node holds: bulletins of the kind `crl:<issuer key id>`, each one list in PEM with
// nothing around it, checked against the roots that the node trusts, the newest of each issuer.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log_sink.hpp"
#include "membership/bulletin.hpp"
#include "pki/certificate_id.hpp"
#include "pki/revocation.hpp"

namespace p2p::node {

/// Around a list in PEM.
inline constexpr std::string_view kBeginOfList = "-----BEGIN X509 CRL-----\n";
inline constexpr std::string_view kEndOfList = "-----END X509 CRL-----\n";

/// `crl:<issuer key id in hex>`.
std::string bulletin_kind_of(const pki::RevocationList& list);

/// Control loop, except for pem().
class RevocationLists {
 public:
  /// `roots_pem` gives the trusted roots whenever they are asked for; `log` must outlive this.
  RevocationLists(std::function<std::shared_ptr<const std::string>()> roots_pem, LogSink& log);

  /// As membership wants it: the number of a list that one of the trusted roots signed. `unsupported` for other kinds
  /// and for the list of a root that is not known here.
  Result<std::uint64_t> check(std::string_view kind, ByteView content) const;
  /// A newer list is held; says once of a list past its nextUpdate that it is (it holds all the same, RFC 5280 section
  /// 6.3.3 leaves that to policy, and a fleet that locks itself out helps nobody).
  /// True when other certificates are revoked now than before.
  bool accept(const membership::Bulletin& bulletin, WallTime now);
  /// What is revoked by the lists held now; a snapshot for any thread.
  pki::RevocationCheck revoked() const;
  const pki::RevocationLists& lists() const noexcept { return lists_; }
  /// All lists held, in PEM, as `/pki/crl.pem` serves them; never null. Any thread.
  std::shared_ptr<const std::string> pem() const { return pem_.load(); }

 private:
  /// Once a root has gone, nobody could check its list any more.
  void drop_untrusted();
  Result<pki::RevocationList> read(std::string_view kind, std::string_view content) const;

  const std::function<std::shared_ptr<const std::string>()> roots_pem_;
  Logger log_;
  pki::RevocationLists lists_;
  std::map<std::string, std::string, std::less<>> texts_;  ///< in PEM, by kind
  std::atomic<std::shared_ptr<const std::string>> pem_;
};

}  // namespace p2p::node
