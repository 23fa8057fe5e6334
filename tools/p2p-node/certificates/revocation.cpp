#include "revocation.hpp"

#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "../fleet/client_drops.hpp"

namespace p2p::node {

namespace {

/// Which callers are to be dropped; says of each once that it is. Asked by all loops.
class RevokedCallers {
 public:
  RevokedCallers(pki::RevocationCheck is_revoked, LogSink& log)
      : is_revoked_(std::move(is_revoked)), log_(log, "Network") {}

  bool operator()(const auth::Caller& caller) {
    if (!caller.certificate || !is_revoked_(caller.certificate->issuer_key_id, caller.certificate->serial))
      return false;
    const std::string who = fmt::format("{} \"{}\"", pki::to_string(caller.identity->role), caller.identity->name);
    const std::lock_guard lock(mutex_);
    if (said_.insert(who).second) log_.warning("connections with {} are dropped: its certificate was revoked", who);
    return true;
  }

 private:
  const pki::RevocationCheck is_revoked_;
  Logger log_;
  std::mutex mutex_;
  std::set<std::string> said_;
};

}  // namespace

Revocation::Revocation(const Parts& parts, pki::CertificateId own, const Clock& clock, LogSink& log)
    : parts_(parts), own_(std::move(own)), clock_(clock), log_(log, "Node") {}

void Revocation::apply(pki::RevocationCheck is_revoked) {
  is_revoked_ = std::move(is_revoked);
  // First what is new is refused; then nothing slips in while what is old is dropped.
  parts_.tls.set_revocation_check(is_revoked_);
  parts_.verifier.set_revocation_check(is_revoked_);
  parts_.membership.recheck({clock_.monotonic(), clock_.wall()});
  drop_connections();
  judge_own();
}

void Revocation::drop_connections() {
  const auto verdict = std::make_shared<RevokedCallers>(is_revoked_, log_.sink());
  const auto is_dropped = [verdict](const auth::Caller& caller) { return (*verdict)(caller); };
  parts_.server.drop_connections(is_dropped);
  node::drop_connections(parts_.loops, parts_.clients, is_dropped, "its peer is no longer trusted");
}

void Revocation::set_own(pki::CertificateId own) {
  own_ = std::move(own);
  judge_own();
}

void Revocation::judge_own() {
  const bool revoked = is_revoked_ && is_revoked_(own_.issuer_key_id, own_.serial);
  if (revoked) {
    log_.critical("the certificate of this node has been revoked: the fleet refuses it until it has a new one");
  }
  parts_.health.set_certificate_revoked(revoked);
}

}  // namespace p2p::node
