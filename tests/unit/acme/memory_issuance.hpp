// A CA in memory behind the ACME server: it signs for real, with pki::Authority, and remembers invitations in maps.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "acme/identifier.hpp"
#include "acme/issuance.hpp"
#include "base/system_random.hpp"
#include "pki/authority.hpp"

namespace p2p::test {

class MemoryIssuance final : public acme::Issuance {
 public:
  explicit MemoryIssuance(WallTime now) : authority_(pki::Authority::make({}, now).value()) {}

  struct Invitation {
    acme::Grant grant;
    std::string key = to_text(random_bytes(32));
    int uses = 1;
    bool revoked = false;
    std::set<std::string, std::less<>> thumbprints{};
  };
  Invitation& invite(acme::Grant grant) { return invitations[grant.kid] = Invitation{.grant = grant}; }

  Result<crypto::Secret> eab_key(std::string_view kid) override {
    const std::lock_guard lock(mutex);
    const auto found = invitations.find(kid);
    if (found == invitations.end()) return Error(Errc::not_found, "no such invitation");
    return crypto::Secret(std::string_view(found->second.key));
  }
  Result<acme::Grant> redeem(std::string_view kid, std::string_view thumbprint, WallTime now) override {
    const std::lock_guard lock(mutex);
    auto& invitation = invitations.find(kid)->second;
    if (invitation.revoked) return Error(Errc::not_permitted, "the invitation was revoked");
    if (now >= invitation.grant.expires_at) return Error(Errc::not_permitted, "the invitation is expired");
    if (invitation.thumbprints.contains(thumbprint)) return invitation.grant;
    if (invitation.uses == 0) return Error(Errc::not_permitted, "the invitation was used");
    --invitation.uses;
    invitation.thumbprints.emplace(thumbprint);
    return invitation.grant;
  }
  Result<acme::Grant> admit(const pki::CertificateId& certificate, std::string_view thumbprint, WallTime now) override {
    const std::lock_guard lock(mutex);
    const auto found = nodes.find(certificate.serial);
    if (found == nodes.end()) return Error(Errc::not_permitted, "not a node");
    auto& made = invite({"of-" + found->second, found->second, pki::Role::worker, {}, now});
    made.thumbprints.emplace(thumbprint);
    return made.grant;
  }
  Result<acme::Grant> grant_of(std::string_view kid, std::string_view thumbprint) override {
    const std::lock_guard lock(mutex);
    const auto& invitation = invitations.find(kid)->second;
    if (invitation.revoked) return Error(Errc::not_permitted, "the invitation was revoked");
    if (!invitation.thumbprints.contains(thumbprint)) return Error(Errc::not_permitted, "another key");
    return invitation.grant;
  }
  bool is_reserved(const pki::SubjectName& name, const acme::Grant&) override { return acme::contains(reserved, name); }
  Result<std::string> issue(const acme::Grant& grant, const std::vector<pki::SubjectName>& names,
                            const EVP_PKEY& subject_key, WallTime now) override {
    if (failure) return *failure;
    pki::LeafRequest request;
    request.role = grant.role.value_or(pki::Role::worker);
    request.name = grant.name.empty() ? "web" : grant.name;
    request.extra_names = names;
    const auto leaf = authority_.issue(request, subject_key, now);
    if (!leaf) return leaf.error();
    return leaf->pem() + authority_.certificate().pem();
  }
  Result<void> revoke(const pki::Certificate& certificate, int reason, std::string_view by, WallTime) override {
    const std::lock_guard lock(mutex);
    const bool fresh = revoked.emplace(certificate.facts().serial, std::pair(reason, std::string(by))).second;
    if (!fresh) return Error(Errc::exists, "the certificate is revoked already");
    return {};
  }
  Result<acme::RenewalWindow> renewal_window(ByteView authority_key_id, ByteView, WallTime now) override {
    const auto& own = authority_.certificate().facts().subject_key_id;
    if (!std::equal(own.begin(), own.end(), authority_key_id.begin(), authority_key_id.end())) {
      return Error(Errc::not_found, "a certificate of another CA");
    }
    return acme::RenewalWindow{now + std::chrono::hours(24 * 200), now + std::chrono::hours(24 * 240)};
  }

  const pki::Authority& authority() const { return authority_; }

  std::mutex mutex;
  std::map<std::string, Invitation, std::less<>> invitations;
  std::map<Bytes, std::string> nodes;  ///< whom admit() lets in, by the serial of the certificate
  std::vector<pki::SubjectName> reserved;
  std::map<Bytes, std::pair<int, std::string>> revoked;  ///< reason and by whom, by serial
  std::optional<Error> failure;                          ///< of issue()

 private:
  pki::Authority authority_;
};

}  // namespace p2p::test
