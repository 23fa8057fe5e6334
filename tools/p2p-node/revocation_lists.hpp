// Revocation lists on their way through the fleet: a coordinator publishes those of its CA as bulletins of the kind
// `crl:<issuer key id>`, every node checks what it gets against the roots that it trusts, keeps the newest of each
// issuer, and acts on it.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log_sink.hpp"
#include "membership/bulletin.hpp"
#include "pki/certificate_id.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::node {

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
  void accept(const membership::Bulletin& bulletin, WallTime now);
  /// What is revoked by the lists held now; a snapshot for any thread.
  pki::RevocationCheck revoked() const;
  /// All lists held, in PEM, as `/pki/crl.pem` serves them; never null. Any thread.
  std::shared_ptr<const std::string> pem() const { return pem_.load(); }

 private:
  Result<pki::RevocationList> read(std::string_view kind, std::string_view content) const;

  const std::function<std::shared_ptr<const std::string>()> roots_pem_;
  Logger log_;
  pki::RevocationLists lists_;
  std::map<std::string, std::string, std::less<>> texts_;  ///< in PEM, by kind
  std::atomic<std::shared_ptr<const std::string>> pem_;
};

/// Each list of a PEM text by itself, with its kind; those that `roots` did not sign are left out.
std::map<std::string, std::string> bulletins_of(std::string_view crl_pem, const pki::Roots& roots);

/// What there is to publish at a coordinator: the lists of the CA in this home, signed anew when they must be, or the
/// file that was brought here without the key. Blocks; nothing is remembered between calls but whether the file
/// changed.
class AuthorityLists {
 public:
  AuthorityLists(pki::AuthorityPaths paths, std::string who) : paths_(std::move(paths)), who_(std::move(who)) {}

  /// The lists when they may be news: at first, when the file has changed, and after kResign; else empty. `now` dates
  /// what is signed.
  Result<std::string> poll(WallTime now);

 private:
  static constexpr std::chrono::minutes kResign{1};
  const pki::AuthorityPaths paths_;
  const std::string who_;
  std::filesystem::file_time_type seen_{};
  WallTime looked_{};
};

}  // namespace p2p::node
