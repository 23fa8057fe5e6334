// p2p-ca sign: makes key and certificate of nodes, operators and other programs, or the certificate of a request.
#include <fmt/format.h>

#include <algorithm>

#include "authority_access.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "cli/home_owner.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "pki/bundle.hpp"
#include "pki/certificate_request.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

/// One certificate that is wanted, with the key that was made for it or the request that brought one.
struct Job {
  pki::LeafRequest request;
  crypto::KeyPtr key{};
};

/// A request may ask for less than the certificate will have, never for more.
Result<void> check_asked(const pki::CertificateRequest& asked, const pki::Certificate& granted) {
  const auto& facts = granted.facts();
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const auto refuse = [](const std::string& name) {
    return Error(Errc::not_permitted,
                 fmt::format("the request asks for \"{}\", which is not among the names given", escape_controls(name)));
  };
  for (const auto& name : asked.names()) {
    const bool is_dns = name.kind == pki::SubjectName::Kind::dns;
    if (!has(is_dns ? facts.dns_names : facts.ip_addresses, name.text)) return refuse(name.text);
  }
  for (const auto& uri : asked.uris()) {
    if (!has(facts.uris, uri)) return refuse(uri);
  }
  const std::string& name = asked.common_name();
  if (!name.empty() && name != facts.common_name && !has(facts.dns_names, name) && !has(facts.ip_addresses, name)) {
    return refuse(name);
  }
  return {};
}

class Sign final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", names_, 1, "node_id, or an operator's or program's name")
        .choice("--role", "ROLE", role_, {"worker", "coordinator", "operator"},
                "role in the fleet, by default the first of")
        .flag("--web", web_, "for a server of another program: no role, and only the names given")
        .texts("--san", "NAME", extra_names_,
               "another DNS name or IP address to be reached by; several with commas, or repeated")
        .text("--csr", "FILE", request_file_, "sign the key of this certificate request; its names must be given here")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                fmt::format("how long the certificate is valid (default {})", days_))
        .choice("--key-type", "TYPE", key_type_, key_type_names(), "type of the key, by default the first of")
        .text("--bundle", "FILE", bundle_, "also write certificate, key and CA to this one file; - is stdout")
        .flag("-f,--force", force_, "sign anew what is signed already");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    const auto role = choose_role(role_, web_);
    if (!role) return role.error();
    const auto request = make_request(*role);
    if (!request) return request.error();
    if (auto checked = check_usage(request->role); !checked) return checked.error();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    if (auto checked = check_files(certs); !checked) return checked;
    const auto valid = tell_valid(*authority);
    if (!valid) return valid.error();
    Document made = Document::array();
    const auto done = request_file_.empty() ? sign_all(*request, *authority, certs, session, made)
                                            : sign_request(*request, *authority, certs, session, made);
    if (bundle_ != "-") print_made(session.out, made);
    if (!done) return done;
    session.report.note(fmt::format("signed {} as {} of cluster {}", join(names_, ", "),
                                    *role ? to_string(**role) : "web server", authority->cluster_name()));
    for (const auto& note : *valid) session.report.note(note);
    if (!bundle_.empty()) tell_what_next(*request, *authority, session.report);
    return {};
  }

 private:
  bool has_bundle_file() const { return !bundle_.empty() && bundle_ != "-"; }

  /// What is wanted for each name, without the name.
  Result<pki::LeafRequest> make_request(std::optional<pki::Role> role) const {
    pki::LeafRequest out;
    out.role = role;
    out.lifetime = std::chrono::days{days_};
    auto names = parse_names(extra_names_);
    if (!names) return names.error();
    out.extra_names = std::move(*names);
    return out;
  }

  Result<void> check_usage(std::optional<pki::Role> role) const {
    for (auto name = names_.begin(); name != names_.end(); ++name) {
      if (auto checked = check_name(*name, role); !checked) return checked;
      if (std::find(names_.begin(), name, *name) != name) {
        return Error(Errc::invalid, fmt::format("\"{}\" is given twice", *name));
      }
    }
    if (!bundle_.empty() && names_.size() > 1)
      return Error(Errc::invalid, "--bundle takes one name, as a bundle holds one identity");
    if (!bundle_.empty() && web_) return Error(Errc::invalid, "--bundle is for nodes and operators, not for --web");
    if (request_file_.empty()) return {};
    if (names_.size() > 1) return Error(Errc::invalid, "--csr takes one name, as a request is for one key");
    if (!bundle_.empty()) return Error(Errc::invalid, "--bundle needs the key, which --csr does not bring");
    return {};
  }

  /// Everything that would be overwritten, and every folder that takes no files, is found before anything is signed.
  Attempt<void> check_files(const pki::CertificateFolder& certs) const {
    if (auto writable = check_writable(certs.path()); !writable) return writable.error();
    if (has_bundle_file()) {
      if (auto checked = cli::check_named_file(bundle_); !checked) return checked;
    }
    if (force_) return {};
    for (const auto& name : names_) {
      const auto pair = certs.files_of(name);
      if (file_exists(pair.certificate)) {
        return exists(pair.certificate, fmt::format("p2p-ca renew {} makes a new certificate for the same key; --force "
                                                    "signs anew, and the old key and certificate are lost",
                                                    name));
      }
      // A key that is there already may be the request's own.
      if (request_file_.empty() && file_exists(pair.key)) {
        return exists(pair.key, "--force makes another key, and this one is lost");
      }
    }
    const cli::AsCaller caller;
    if (has_bundle_file() && file_exists(bundle_)) return exists(bundle_, "--force replaces it, and signs anew");
    return {};
  }

  /// Of the names that have a valid certificate already, that it stays valid.
  Result<std::vector<std::string>> tell_valid(pki::IssuingAuthority& authority) const {
    std::vector<std::string> out;
    for (const auto& name : names_) {
      const auto valid = authority.certificates({.name = name, .expires_after = act_.at, .revoked = false});
      if (!valid) return valid.error();
      if (valid->empty()) continue;
      const bool is_one = valid->size() == 1;
      out.push_back(fmt::format("{}; {} good until {} revoked: p2p-ca revoke {}", text_of_valid(*valid),
                                is_one ? "it stays" : "they stay", is_one ? "it is" : "they are",
                                is_one ? to_hex(valid->back().serial) : "SERIAL, as p2p-ca list shows them"));
    }
    return out;
  }

  static Failure exists(const fs::path& file, std::string hint) {
    return {Error(Errc::exists, file.string() + ": already exists"), std::move(hint)};
  }

  void tell_what_next(const pki::LeafRequest& request, const pki::IssuingAuthority& authority,
                      cli::Reporter& report) const {
    const std::string file = has_bundle_file() ? fs::path(bundle_).filename().string() : "FILE";
    report.note(fmt::format("{} holds the private key: move it as you would move a password, then delete it",
                            has_bundle_file() ? bundle_ : "the bundle"));
    report.note(
        request.role == pki::Role::operator_
            ? fmt::format("next, on the other machine: p2p-ctl context add {} --bundle {} --coordinator HOST:PORT",
                          authority.cluster_name(), file)
            : fmt::format("next, on the new machine: its certificate, key and CA go into certs/ of home; p2p-ca "
                          "invite {} brings them without a file",
                          names_.front()));
  }

  /// All are recorded in one go, then written.
  Attempt<void> sign_all(const pki::LeafRequest& wanted, pki::IssuingAuthority& authority,
                         const pki::CertificateFolder& certs, cli::Session& session, Document& made) const {
    std::vector<Job> jobs;
    std::vector<pki::Order> orders;
    for (const auto& name : names_) {
      session.report.detail("signing " + name);
      auto key = crypto::generate_key(crypto::parse_key_type(key_type_).value_or(crypto::kKeyTypes.front()));
      if (!key) return key.error();
      jobs.push_back({wanted, std::move(*key)});
      jobs.back().request.name = name;
      orders.push_back({jobs.back().request, jobs.back().key.get()});
    }
    const auto certificates = authority.issue(orders, act_);
    if (!certificates) return certificates.error();
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const auto written = write_one(jobs[i], (*certificates)[i], *roots, certs, session, made);
      if (!written) {
        return take_back(std::span(*certificates).subspan(i), written.error(), authority, act_, session.report);
      }
    }
    return {};
  }

  Result<void> write_one(const Job& job, const pki::Certificate& certificate, const pki::Roots& roots,
                         const pki::CertificateFolder& certs, cli::Session& session, Document& made) const {
    // The bundle first: if it cannot be written, nothing was signed as far as the folder knows.
    if (!bundle_.empty()) {
      if (auto put = put_bundle(roots, certificate, *job.key, session.out); !put) return put;
    }
    const auto files = certs.files_of(job.request.name);
    if (auto written = pki::write_pair(files, certificate, *job.key, force_); !written) {
      const cli::AsCaller caller;
      std::error_code ignored;  // the certificate in it is void in any case
      if (has_bundle_file()) fs::remove(bundle_, ignored);
      return written;
    }
    made.push_back(describe(certificate, files.certificate, act_.at));
    made.back()["key_file"] = files.key.string();
    if (const auto vault = vault_that_holds(files.key)) {
      session.report.note(fmt::format("the private key is not a file but an entry of the vault {}: p2p-vault get {}",
                                      vault->string(), files.key.lexically_relative(session.home).generic_string()));
    }
    if (has_bundle_file()) made.back()["bundle"] = bundle_;
    tell_short_life(job.request.name, certificate, roots, session);
    return {};
  }

  Result<std::string> read_request() const {
    const cli::AsCaller caller;
    return read_file(request_file_, pki::kMaxRequestBytes);
  }

  Attempt<void> sign_request(pki::LeafRequest wanted, pki::IssuingAuthority& authority,
                             const pki::CertificateFolder& certs, cli::Session& session, Document& made) const {
    const auto pem = read_request();
    if (!pem) return pem.error();
    const auto asked = pki::CertificateRequest::from_pem(*pem, request_file_);
    if (!asked) return asked.error();
    wanted.name = names_.front();
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    const auto check = [&](const pki::Certificate& granted) { return check_asked(*asked, granted); };
    const auto certificate = authority.issue(wanted, asked->public_key(), act_, check);
    if (!certificate) {
      const bool is_foreign = certificate.error().kind() == Errc::not_permitted;
      return Failure(certificate.error(), is_foreign ? "--san NAME gives it that name" : "");
    }
    const auto file = certs.files_of(wanted.name).certificate;
    const auto write = force_ ? write_file : create_file;
    if (auto written = write(file, certificate->pem(), kPublicMode); !written) {
      return take_back(std::span(&*certificate, 1), written.error(), authority, act_, session.report);
    }
    made.push_back(describe(*certificate, file, act_.at));
    tell_short_life(wanted.name, *certificate, *roots, session);
    return {};
  }

  static void tell_short_life(const std::string& name, const pki::Certificate& certificate, const pki::Roots& roots,
                              cli::Session& session) {
    const WallTime end = certificate.facts().not_after;
    if (end != roots.certificates().front().facts().not_after) return;
    session.report.note(
        fmt::format("{} is valid only until {}, when the CA itself ends", name, format_rfc3339(end, 0)));
  }

  Result<void> put_bundle(const pki::Roots& roots, const pki::Certificate& certificate, const EVP_PKEY& key,
                          cli::Output& out) const {
    auto key_pem = crypto::write_private_key(key);
    if (!key_pem) return key_pem.error();
    auto identity = certificate.identity();
    if (!identity) return identity.error();
    std::string ca_pem;
    for (const auto& root : roots.certificates()) ca_pem += root.pem();
    const auto text = pki::write_bundle({*identity, certificate.pem(), std::move(*key_pem), std::move(ca_pem)});
    if (!text) return text.error();
    if (!has_bundle_file()) {
      out.stream() << text->view();
      return {};
    }
    const cli::AsCaller caller;
    const auto write = force_ ? write_file : create_file;
    return write(bundle_, text->view(), kSecretMode);
  }

  pki::Act act_;  ///< of this run
  std::vector<std::string> names_, extra_names_;
  std::string role_;  ///< empty: not given
  std::string key_type_ = key_type_names().front();
  std::string bundle_, request_file_;
  std::uint64_t days_ = pki::kLeafLifetime.count();
  bool web_ = false;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_sign() { return std::make_unique<Sign>(); }

}  // namespace p2p::ca
