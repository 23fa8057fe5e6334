// p2p-ca init: makes the CA of a fleet and an operator certificate for this machine.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

/// The first of the files that init makes which is there already, or an empty path.
fs::path existing_file(const pki::CertificateFolder& certs) {
  for (const char* name : {kAuthorityName, kOperatorName}) {
    const auto files = certs.files_of(name);
    for (const auto& file : {files.certificate, files.key}) {
      if (file_exists(file)) return file;
    }
  }
  return {};
}

class Init final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("--name", "NAME", cluster_, "name of the cluster (default p2p)")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                fmt::format("how long the CA is valid (default {})", days_))
        .choice("--key-type", "TYPE", key_type_, key_type_names(), "type of both keys, by default the first of")
        .texts("--permit-dns", "DOMAIN", subtrees_, "sign DNS names only under this domain; may be repeated")
        .texts("--permit-cidr", "RANGE", ranges_,
               "sign addresses only in this range, such as 10.0.0.0/8; may be repeated")
        .flag("-f,--force", force_, "replace a CA that is there already; asks first")
        .flag("--yes", yes_, "answer the question of --force");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    const auto permitted = parse_constraints();
    if (!permitted) return permitted.error();
    const pki::AuthorityRequest request{.cluster_name = cluster_,
                                        .key_type = key_type(),
                                        .lifetime = std::chrono::days{days_},
                                        .permitted = *permitted};
    // Before anything is asked or touched: the request may be wrong.
    if (auto checked = pki::check_request(request); !checked) return checked.error();
    if (auto done = cli::act_as_owner_of(session.home); !done) return done;
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    if (auto allowed = allow_overwriting(certs, session); !allowed) return allowed;

    Document made = Document::array();
    auto authority = pki::IssuingAuthority::make(pki::AuthorityPaths::in(session.home), request, act_);
    if (!authority) return authority.error();
    const auto roots = authority->roots();
    if (!roots) return roots.error();
    add(made, roots->certificates().front(), certs.files_of(kAuthorityName));
    if (auto done = make_operator(*authority, certs, made); !done) {
      return Failure(done.error(), "the CA is made; p2p-ca sign operator --role operator makes the rest");
    }
    print_made(session.out, made);
    session.report.note(
        fmt::format("made the CA of cluster {} and an operator certificate for this machine", cluster_));
    session.report.note("keep ca_key.pem here; every node needs ca_cert.pem");
    session.report.note("next: p2p-ca sign NAME");
    return {};
  }

 private:
  crypto::KeyType key_type() const { return crypto::parse_key_type(key_type_).value_or(crypto::kKeyTypes.front()); }

  Attempt<void> allow_overwriting(const pki::CertificateFolder& certs, const cli::Session& session) const {
    const fs::path file = existing_file(certs);
    if (file.empty()) return {};
    if (!force_ && !has_authority(session.home)) {
      return Failure(Error(Errc::exists, file.string() + ": already exists"),
                     "this home has the certificate of a fleet's CA, whose key is elsewhere: run p2p-ca there");
    }
    if (!force_) {
      return Failure(Error(Errc::exists, file.string() + ": already exists"),
                     "this home has its CA already: p2p-ca sign NAME goes on; --force makes another, and all that this "
                     "one signed is void");
    }
    if (yes_) return {};
    return session.confirm(fmt::format("Replace the CA in {}? Every certificate that it signed becomes worthless.",
                                       session.home.string()));
  }

  Result<pki::NameConstraints> parse_constraints() const {
    pki::NameConstraints out;
    for (const auto& text : subtrees_) {
      auto subtree = pki::parse_subtree(text);
      if (!subtree) return Error(subtree.error().code, "--permit-dns " + subtree.error().context);
      out.dns_subtrees.push_back(std::move(*subtree));
    }
    for (const auto& text : ranges_) {
      auto range = pki::parse_address_range(text);
      if (!range) return Error(range.error().code, "--permit-cidr " + range.error().context);
      out.address_ranges.push_back(std::move(*range));
    }
    return out;
  }

  Result<void> make_operator(pki::IssuingAuthority& authority, const pki::CertificateFolder& certs,
                             Document& made) const {
    const auto key = crypto::generate_key(key_type());
    if (!key) return key.error();
    const pki::LeafRequest request{.role = pki::Role::operator_, .name = kOperatorName};
    const auto certificate = authority.issue(request, **key, act_);
    if (!certificate) return certificate.error();
    const auto files = certs.files_of(kOperatorName);
    if (auto written = pki::write_pair(files, *certificate, **key, true); !written) return written;
    add(made, *certificate, files);
    return {};
  }

  void add(Document& made, const pki::Certificate& certificate, const pki::PairFiles& files) const {
    made.push_back(describe(certificate, files.certificate, act_.at));
    made.back()["key_file"] = files.key.string();
  }

  pki::Act act_;  ///< of this run
  std::string cluster_ = "p2p";
  std::string key_type_ = key_type_names().front();
  std::vector<std::string> subtrees_, ranges_;
  std::uint64_t days_ = pki::kAuthorityLifetime.count();
  bool force_ = false;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_init() { return std::make_unique<Init>(); }

}  // namespace p2p::ca
