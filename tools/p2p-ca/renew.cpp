// p2p-ca renew: new certificates in place of those that are here, with the same key, role and names.
#include <fmt/format.h>

#include <algorithm>

#include "authority_access.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

/// Enough names to see what a misspelt one should have been.
constexpr std::size_t kMaxNamed = 10;

/// A certificate that is here, and what its successor shall be.
struct Renewal {
  std::string name;
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
    options.arguments("NAME", names_, 0, "names that were signed here")
        .flag("-a,--all", all_,
              "all that are here and have less than a third of their time left, or are of an old root")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                "how long the new certificate is valid (default: as long as the old one was)")
        .flag("--new-key", new_key_, "with a new key of the same type")
        .flag("--revoke", revoke_, "revoke the old certificate, as superseded");
  }

  Attempt<void> run(cli::Session& session) override {
    if (all_ == !names_.empty()) {
      return Failure(cli::kUsage, all_ ? "--all takes no NAME" : "NAME is missing, or --all", "p2p-ca renew --help");
    }
    act_ = act_now();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    if (auto writable = check_writable(certs.path()); !writable) return writable.error();
    if (all_) {
      if (auto found = find_due(*authority, certs, session.report); !found) return found;
    }
    std::vector<Renewal> renewals;
    for (const auto& name : names_) {
      auto renewal = prepare(name, certs, *authority);
      if (!renewal && !all_) return renewal.error();
      if (renewal) {
        renewals.push_back(std::move(*renewal));
      } else {
        pass_over(renewal.error(), session.report);
      }
    }
    if (auto done = renew(renewals, *authority, session); !done) return done;
    if (passed_over_) return Failure(cli::kPartial, "");  // all was said
    return {};
  }

 private:
  void pass_over(const Failure& why, cli::Reporter& report) {
    report.failure(why);
    passed_over_ = true;
  }

  Attempt<void> renew(const std::vector<Renewal>& renewals, pki::IssuingAuthority& authority,
                      cli::Session& session) const {
    std::vector<pki::Order> orders;
    for (const auto& one : renewals) {
      orders.push_back({one.request, one.new_key ? one.new_key.get() : &one.old.public_key()});
    }
    const auto certificates = authority.issue(orders, act_);
    if (!certificates) return certificates.error();
    Document made = Document::array();
    const auto written = write_all(renewals, *certificates, made);
    print_made(session.out, made);
    for (std::size_t i = 0; i < made.size(); ++i) {
      session.report.note(fmt::format("renewed {}: valid until {}", renewals[i].name,
                                      format_rfc3339((*certificates)[i].facts().not_after, 0)));
    }
    if (!written) {
      return take_back(std::span(*certificates).subspan(made.size()), written.error(), authority, act_, session.report);
    }
    return revoke_ && !renewals.empty() ? revoke_old(renewals, authority, session) : Attempt<void>();
  }

  /// Names with a certificate here that this CA has signed, that is not revoked, and that should be renewed.
  Attempt<void> find_due(pki::IssuingAuthority& authority, const pki::CertificateFolder& certs, cli::Reporter& report) {
    const auto all = certs.names();
    if (!all) return all.error();
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    for (const auto& name : *all) {
      const auto certificate = pki::read_certificate_file(certs.files_of(name).certificate);
      if (!certificate) {
        pass_over(certificate.error(), report);
        continue;
      }
      const auto& facts = certificate->facts();
      if (facts.is_ca) continue;
      if (!is_due(*certificate, act_.at) && issuer_of(*certificate, *roots) == Issuer::signing) continue;
      const auto record = authority.find(facts.issuer_key_id, facts.serial);
      if (!record && record.error().kind() != Errc::not_found) return record.error();
      if (record && !record->revoked) names_.push_back(name);
    }
    if (names_.empty() && !passed_over_) {
      report.note("nothing to renew: all that is here has more than a third of its time left");
    }
    return {};
  }

  /// No such certificate here: it is elsewhere, or there are others.
  Failure unknown(const std::string& name, const pki::CertificateFolder& certs,
                  pki::IssuingAuthority& authority) const {
    const auto valid = authority.certificates({.name = name, .expires_after = act_.at, .revoked = false});
    if (!valid) return valid.error();
    if (!valid->empty()) {
      const bool is_node = valid->back().role && valid->back().role != pki::Role::operator_;
      return {cli::kNotFound, text_of_valid(*valid) + ", which is not here but on the machine that asked for it",
              is_node ? "a node renews by itself; to have it do so now: p2p-ctl certs renew " + name
                      : "what asked for it renews it"};
    }
    std::vector<std::string> known;
    if (auto names = certs.names()) known = std::move(*names);
    std::erase(known, kAuthorityName);
    const std::vector<std::string_view> views(known.begin(), known.end());
    std::string hint = "here are: " + join(std::span(known).first(std::min(known.size(), kMaxNamed)), ", ");
    if (known.size() > kMaxNamed) hint += ", …; p2p-ca list shows all";
    return {cli::kNotFound,
            fmt::format("no certificate \"{}\" in {}{}", name, certs.path().string(), did_you_mean(name, views)),
            known.empty() ? "p2p-ca sign NAME makes one" : hint};
  }

  /// A revoked certificate has a successor only with another key, and so has any of a key that was revoked.
  Attempt<void> check_revocation(const pki::Certificate& old, const std::string& name,
                                 pki::IssuingAuthority& authority) const {
    if (new_key_) return {};
    const auto refuse = [&](std::string_view what) {
      return Failure(cli::kFailed, fmt::format("the {} of \"{}\" is revoked", what, name),
                     fmt::format("--new-key renews it with another key; p2p-ca sign {} --force begins anew", name));
    };
    const auto record = authority.find(old.facts().issuer_key_id, old.facts().serial);
    if (!record && record.error().kind() != Errc::not_found) return record.error();
    if (record && record->revoked) return refuse("certificate");
    const auto is_compromised = authority.is_compromised(old.public_key());
    if (!is_compromised) return is_compromised.error();
    return *is_compromised ? refuse("key") : Attempt<void>();
  }

  Attempt<Renewal> prepare(const std::string& name, const pki::CertificateFolder& certs,
                           pki::IssuingAuthority& authority) const {
    if (!is_valid_name(name) || name == kAuthorityName) {
      return Failure(Error(Errc::invalid, fmt::format("\"{}\" is not the name of a node or operator",
                                                      escape_controls(name.substr(0, 64)))),
                     name == kAuthorityName ? "p2p-ca rotate makes a new CA in place of the old one" : "");
    }
    const auto files = certs.files_of(name);
    if (auto settled = pki::settle_pair(files); !settled) return settled.error();
    auto old = pki::read_certificate_file(files.certificate);
    if (!old && old.error().kind() == Errc::not_found) return unknown(name, certs, authority);
    if (!old) return old.error();
    // A wrong key beside it would make a pair that does not open. No key is fine: it is where the certificate is used.
    if (const auto pair = pki::read_pair(files); !pair && pair.error().kind() != Errc::not_found) return pair.error();
    if (auto checked = check_revocation(*old, name, authority); !checked) return checked.error();
    Renewal out{name, std::move(*old), files, {}};
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
      const auto& [name, old, files, request, new_key] = renewals[i];
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
  bool all_ = false;
  bool passed_over_ = false;  ///< with --all: something could not be looked at, or not be renewed
  bool new_key_ = false;
  bool revoke_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_renew() { return std::make_unique<Renew>(); }

}  // namespace p2p::ca
