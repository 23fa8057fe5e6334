// p2p-ca renew: new certificates in place of those that are here, with the same key, role and names.
#include <fmt/format.h>

#include <algorithm>

#include "authority_access.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

/// A certificate that is here, and what its successor shall be.
struct Renewal {
  pki::Certificate old;
  pki::PairFiles files;
  pki::LeafRequest request;
  crypto::KeyPtr new_key{};  ///< none: the old one stays
};

pki::LeafRequest request_like(const pki::Certificate& old, const std::string& name) {
  const auto& facts = old.facts();
  pki::LeafRequest out{.role = std::nullopt, .name = name};
  if (const auto identity = old.identity()) {
    out.role = identity->role;
    out.name = identity->name;
  }
  for (const auto& text : facts.dns_names) out.extra_names.push_back({pki::SubjectName::Kind::dns, text});
  for (const auto& text : facts.ip_addresses) out.extra_names.push_back({pki::SubjectName::Kind::ip, text});
  const auto days = std::chrono::ceil<std::chrono::days>(facts.not_after - facts.not_before - pki::kBackdate);
  out.lifetime = std::clamp(days, std::chrono::days{1}, pki::kMaxLifetime);
  return out;
}

class Renew final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", names_, 1, "names that were signed here")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                "how long the new certificate is valid (default: as long as the old one was)")
        .flag("--new-key", new_key_, "with a new key of the same type")
        .flag("--revoke", revoke_, "revoke the old certificate, as superseded");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    std::vector<Renewal> renewals;
    for (const auto& name : names_) {
      auto renewal = prepare(name, certs);
      if (!renewal) return renewal.error();
      renewals.push_back(std::move(*renewal));
    }
    std::vector<pki::Order> orders;
    for (const auto& one : renewals) {
      orders.push_back({one.request, one.new_key ? one.new_key.get() : &one.old.public_key()});
    }
    const auto certificates = authority->issue(orders, act_);
    if (!certificates) return certificates.error();
    Document made = Document::array();
    const auto written = write_all(renewals, *certificates, made);
    print_made(session.out, made);
    if (!written) return written.error();
    session.report.note("renewed " + join(names_, ", "));
    return revoke_ ? revoke_old(renewals, *authority, session) : Attempt<void>();
  }

 private:
  Attempt<Renewal> prepare(const std::string& name, const pki::CertificateFolder& certs) const {
    if (!is_valid_name(name) || name == kAuthorityName) {
      return Failure(Error(Errc::invalid, fmt::format("\"{}\" is not the name of a node or operator",
                                                      escape_controls(name.substr(0, 64)))),
                     name == kAuthorityName ? "p2p-ca rotate makes a new CA in place of the old one" : "");
    }
    const auto files = certs.files_of(name);
    auto old = pki::read_certificate_file(files.certificate);
    if (!old) return Failure(old.error(), "p2p-ca list shows what is there");
    // A wrong key beside it would make a pair that does not open. No key is fine: it is where the certificate is used.
    if (const auto pair = pki::read_pair(files); !pair && pair.error().kind() != Errc::not_found) return pair.error();
    Renewal out{std::move(*old), files, {}};
    out.request = request_like(out.old, name);
    if (days_ != 0) out.request.lifetime = std::chrono::days{days_};
    if (new_key_) {
      const auto type = crypto::type_of(out.old.public_key());
      auto key = crypto::generate_key(type.value_or(crypto::kKeyTypes.front()));
      if (!key) return key.error();
      out.new_key = std::move(*key);
    }
    return out;
  }

  Result<void> write_all(const std::vector<Renewal>& renewals, const std::vector<pki::Certificate>& certificates,
                         Document& made) const {
    for (std::size_t i = 0; i < renewals.size(); ++i) {
      const auto& [old, files, request, new_key] = renewals[i];
      const auto written = new_key ? pki::write_pair(files, certificates[i], *new_key, true)
                                   : write_file(files.certificate, certificates[i].pem(), kPublicMode);
      if (!written) return written;
      made.push_back(describe(certificates[i], files.certificate, act_.at));
      if (new_key) made.back()["key_file"] = files.key.string();
    }
    return {};
  }

  Attempt<void> revoke_old(const std::vector<Renewal>& renewals, pki::IssuingAuthority& authority,
                           cli::Session& session) const {
    for (const auto& one : renewals) {
      const auto revoked = authority.revoke(one.old, pki::RevocationReason::superseded, act_);
      if (!revoked) return revoked.error();
    }
    const auto crl = publish_crl(authority, act_, session.report);
    if (!crl) return crl.error();
    return {};
  }

  pki::Act act_;  ///< of this run
  std::vector<std::string> names_;
  std::uint64_t days_ = 0;  ///< 0: as before
  bool new_key_ = false;
  bool revoke_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_renew() { return std::make_unique<Renew>(); }

}  // namespace p2p::ca
