#include "acme_service.hpp"

#include <algorithm>
#include <utility>

#include "addresses/advertised_host.hpp"
#include "net/client.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

acme::Grant grant_from(const pki::RecordedInvitation& invitation) {
  return {invitation.kid, invitation.name, invitation.role, invitation.names, invitation.expires_at};
}

/// The CA of this home as the ACME server asks it.
class AuthorityIssuance final : public acme::Issuance {
 public:
  AuthorityIssuance(pki::IssuingAuthority authority, std::string node_id, const Clock& clock)
      : authority_(std::move(authority)), node_id_(std::move(node_id)), clock_(clock) {}

  Result<crypto::Secret> eab_key(std::string_view kid) override { return authority_.eab_key(kid); }

  Result<acme::Grant> redeem(std::string_view kid, std::string_view thumbprint, WallTime now) override {
    const auto invitation = authority_.redeem(kid, thumbprint, act(kid, now));
    if (!invitation) return invitation.error();
    return grant_from(*invitation);
  }

  Result<acme::Grant> admit(const pki::CertificateId& certificate, std::string_view thumbprint, WallTime now) override {
    const auto invitation = authority_.admit(certificate, thumbprint, act("node", now));
    if (!invitation) return invitation.error();
    return grant_from(*invitation);
  }

  Result<acme::Grant> grant_of(std::string_view kid, std::string_view thumbprint) override {
    const auto invitation = authority_.invitation_of(kid, thumbprint);
    if (!invitation) return invitation.error();
    return grant_from(*invitation);
  }

  bool is_reserved(const pki::SubjectName& name, const acme::Grant& grant) override {
    // What cannot be looked up is not given away.
    const auto reserved = authority_.is_reserved(name, grant.name, clock_.wall());
    return !reserved || *reserved;
  }

  Result<std::string> issue(const acme::Grant& grant, const std::vector<pki::SubjectName>& names,
                            const EVP_PKEY& subject_key, WallTime now) override {
    const pki::LeafRequest request{.role = grant.role, .name = grant.name, .extra_names = names};
    const auto certificate = authority_.issue(request, subject_key, act(grant.kid, now));
    if (!certificate) return certificate.error();
    const auto roots = authority_.roots();
    if (!roots) return roots.error();
    std::string chain = certificate->pem();
    // The root too: certbot takes no chain of one.
    for (const auto& root : roots->certificates()) {
      if (root.facts().subject_key_id == certificate->facts().issuer_key_id) chain += root.pem();
    }
    return chain;
  }

  Result<void> revoke(const pki::Certificate& certificate, int reason, std::string_view by, WallTime now) override {
    const auto known = authority_.find(certificate.facts().issuer_key_id, certificate.facts().serial);
    if (!known) return known.error();
    if (known->revoked) return Error(Errc::exists, "the certificate is revoked already");
    const auto why = pki::revocation_reason_of(reason).value_or(pki::RevocationReason::unspecified);
    if (auto done = authority_.revoke(certificate, why, act(by, now)); !done) return done;
    // The new list in its file is what the fleet is told of; where it fails now, the next look at the CA signs it.
    (void)authority_.current_crl(act(by, now));
    return {};
  }

  Result<acme::RenewalWindow> renewal_window(ByteView authority_key_id, ByteView serial, WallTime now) override {
    const auto known = authority_.find(authority_key_id, serial);
    if (!known) return known.error();
    // RFC 9773 section 4.2: a window in the past asks for a new certificate at once.
    const auto roots = authority_.roots();
    if (!roots) return roots.error();
    const bool is_superseded = roots->certificates().front().facts().subject_key_id != known->issuer_key_id;
    if (known->revoked || is_superseded) {
      return acme::RenewalWindow{now - std::chrono::hours{2}, now - std::chrono::hours{1}};
    }
    const auto life = known->not_after - known->not_before;
    return acme::RenewalWindow{known->not_after - life / 3, known->not_after - life / 4};
  }

 private:
  pki::Act act(std::string_view by, WallTime now) const { return {node_id_ + "/acme/" + std::string(by), now}; }

  pki::IssuingAuthority authority_;
  const std::string node_id_;
  const Clock& clock_;
};

class Http01 final : public acme::Validator {
 public:
  explicit Http01(acme::Http01Validator validator) : validator_(std::move(validator)) {}
  asio::awaitable<Result<void>> validate_http01(pki::SubjectName identifier, acme::Applicant applicant,
                                                std::string token, std::string key_authorization) override {
    return validator_.validate(std::move(identifier), applicant, std::move(token), std::move(key_authorization));
  }

 private:
  acme::Http01Validator validator_;
};

acme::ServerSettings settings_of(const AcmeService::Options& options) {
  acme::ServerSettings out;
  out.base_url = options.base_url;
  return out;
}

bool is_loopback(const std::string& address) { return address == "::1" || address.starts_with("127."); }

}  // namespace

struct AcmeService::Parts {
  Parts(pki::IssuingAuthority authority, std::unique_ptr<acme::Store> opened, acme::Http01Validator http01,
        const Options& options, asio::io_context& control, net::BlockingPool& pool, const Clock& clock, LogSink& log)
      : issuance(std::move(authority), options.node_id, clock),
        store(std::move(opened)),
        validator(std::move(http01)),
        server(control.get_executor(), settings_of(options), {*store, issuance, validator, pool, clock, log}) {}

  AuthorityIssuance issuance;
  std::unique_ptr<acme::Store> store;
  Http01 validator;
  acme::Server server;
};

AcmeService::AcmeService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AcmeService::~AcmeService() = default;

Result<std::unique_ptr<AcmeService>> AcmeService::open(Options options, asio::io_context& control,
                                                       net::BlockingPool& pool, const Clock& clock, LogSink& log) {
  auto authority = pki::IssuingAuthority::open(options.authority, {options.node_id, clock.wall()});
  if (!authority) return authority.error();
  auto store = acme::Store::open(options.store);
  if (!store) return store.error();
  auto http01 = acme::Http01Validator::make(control.get_executor(), options.http01);
  if (!http01) return http01.error();
  auto parts = std::make_unique<Parts>(std::move(*authority), std::move(*store), std::move(*http01), options, control,
                                       pool, clock, log);
  return std::unique_ptr<AcmeService>(new AcmeService(std::move(parts)));
}

void AcmeService::add_routes(net::Router& router) { parts_->server.add_routes(router); }
asio::awaitable<void> AcmeService::run() { return parts_->server.run(); }
asio::awaitable<bool> AcmeService::stop(std::chrono::milliseconds grace) { return parts_->server.stop(grace); }

std::string acme_base_url(const std::string& advertise_address, const pki::CertificateFacts& own, std::uint16_t port) {
  if (const auto host = addresses::advertised_host(advertise_address, port)) return "https://" + host->to_text();
  const auto& addresses = own.ip_addresses;
  const auto found = std::find_if_not(addresses.begin(), addresses.end(), is_loopback);
  return "https://" + net::Endpoint{found == addresses.end() ? "localhost" : *found, port}.to_text();
}

}  // namespace p2p::node
