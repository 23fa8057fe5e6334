// p2p-ca sign: makes key and certificate of nodes and operators.
#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "pki/bundle.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

constexpr std::size_t kMaxShownName = 64;

/// The files of these names have a meaning of their own: the CA's, a node's default, this machine's operator's.
bool is_reserved(const std::string& name, pki::Role role) {
  return name == kAuthorityName || name == "node" || (name == kOperatorName && role != pki::Role::operator_);
}

/// Opens the CA, or says what is missing and what to do about it.
Attempt<pki::Authority> open_authority(const pki::CertificateFolder& certs, const fs::path& home) {
  const auto files = certs.files_of(kAuthorityName);
  std::error_code ignored;
  if (!fs::exists(files.certificate, ignored))
    return Failure(cli::kNotFound, "no CA in " + home.string(), "p2p-ca init makes one");
  auto authority = pki::open_authority(files);
  if (authority) return std::move(*authority);
  const bool no_key = authority.error().kind() == Errc::not_found;
  return Failure(authority.error(), no_key ? "sign where p2p-ca init was run: the CA's key is needed" : "");
}

class Sign final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", names_, 1, "node_id, or an operator's name")
        .choice("--role", "ROLE", role_, {"worker", "coordinator", "operator"},
                "role in the fleet, by default the first of")
        .texts("--san", "NAME", extra_names_,
               "another DNS name or IP address to be reached by; several with commas, or repeated")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                fmt::format("how long the certificate is valid (default {})", days_))
        .choice("--key-type", "TYPE", key_type_, key_type_names(), "type of the key, by default the first of")
        .text("--bundle", "FILE", bundle_, "also write certificate, key and CA to this one file; - is stdout")
        .flag("-f,--force", force_, "sign anew what is signed already");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto request = make_request();
    if (!request) return request.error();
    if (auto checked = check_names(request->role); !checked) return checked.error();
    const auto certs = certificates_of(session.home);
    const auto authority = open_authority(certs, session.home);
    if (!authority) return authority.error();
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    if (auto checked = check_files(certs); !checked)
      return Failure(checked.error(), "--force signs anew; the old key and certificate are lost");
    Document made = Document::array();
    const auto done = sign_all(*request, *authority, certs, session, made);
    if (bundle_ != "-") print_made(session.out, made);
    if (!done) return done.error();
    session.report.note(
        fmt::format("signed {} as {} of cluster {}", join(names_, ", "), role_, authority->cluster_name()));
    return {};
  }

 private:
  bool has_bundle_file() const { return !bundle_.empty() && bundle_ != "-"; }

  /// What is wanted for each name, without the name.
  Result<pki::LeafRequest> make_request() const {
    pki::LeafRequest out;
    out.role = pki::parse_role(role_).value_or(pki::Role::worker);
    out.lifetime = std::chrono::days{days_};
    for (const auto& list : extra_names_) {
      for (const auto& text : split(list, ',')) {
        auto name = pki::parse_subject_name(text);
        if (!name) return Error(name.error().code, "--san " + name.error().context);
        out.extra_names.push_back(std::move(*name));
      }
    }
    return out;
  }

  Result<void> check_names(pki::Role role) const {
    for (auto name = names_.begin(); name != names_.end(); ++name) {
      const auto wrong = [&](std::string_view why) {
        return Error(Errc::invalid, fmt::format("\"{}\" is {}", name->substr(0, kMaxShownName), why));
      };
      if (!is_valid_name(*name)) {
        return wrong(
            "not a valid name: up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or "
            "digit");
      }
      if (is_reserved(*name, role)) return wrong("a reserved name");
      if (std::find(names_.begin(), name, *name) != name) return wrong("given twice");
    }
    if (!bundle_.empty() && names_.size() > 1)
      return Error(Errc::invalid, "--bundle takes one name, as a bundle holds one identity");
    return {};
  }

  /// Everything that would be overwritten is found before anything is written.
  Result<void> check_files(const pki::CertificateFolder& certs) const {
    if (force_) return {};
    std::vector<fs::path> files;
    for (const auto& name : names_) {
      const auto pair = certs.files_of(name);
      files.insert(files.end(), {pair.certificate, pair.key});
    }
    if (has_bundle_file()) files.emplace_back(bundle_);
    for (const auto& file : files) {
      std::error_code ignored;
      if (fs::exists(fs::symlink_status(file, ignored))) return Error(Errc::exists, file.string() + ": already exists");
    }
    return {};
  }

  Result<void> sign_all(pki::LeafRequest request, const pki::Authority& authority, const pki::CertificateFolder& certs,
                        cli::Session& session, Document& made) const {
    for (const auto& name : names_) {
      session.report.detail("signing " + name);
      request.name = name;
      if (auto done = sign_one(request, authority, certs, session, made); !done) return done;
    }
    return {};
  }

  Result<void> sign_one(const pki::LeafRequest& request, const pki::Authority& authority,
                        const pki::CertificateFolder& certs, cli::Session& session, Document& made) const {
    const auto key = crypto::generate_key(crypto::parse_key_type(key_type_).value_or(crypto::kKeyTypes.front()));
    if (!key) return key.error();
    const auto certificate = authority.issue(request, **key, now_);
    if (!certificate) return certificate.error();
    // The bundle first: if it cannot be written, nothing was signed as far as the folder knows.
    if (!bundle_.empty()) {
      if (auto put = put_bundle(authority, *certificate, **key, session.out); !put) return put;
    }
    const auto files = certs.files_of(request.name);
    if (auto written = pki::write_pair(files, *certificate, **key, force_); !written) return written;
    made.push_back(describe(*certificate, files.certificate, now_));
    made.back()["key_file"] = files.key.string();
    if (has_bundle_file()) made.back()["bundle"] = bundle_;
    const WallTime end = certificate->facts().not_after;
    if (end == authority.certificate().facts().not_after) {
      session.report.note(
          fmt::format("{} is valid only until {}, when the CA itself ends", request.name, format_rfc3339(end, 0)));
    }
    return {};
  }

  Result<void> put_bundle(const pki::Authority& authority, const pki::Certificate& certificate, const EVP_PKEY& key,
                          cli::Output& out) const {
    auto key_pem = crypto::write_private_key(key);
    if (!key_pem) return key_pem.error();
    auto identity = certificate.identity();
    if (!identity) return identity.error();
    const auto text =
        pki::write_bundle({*identity, certificate.pem(), std::move(*key_pem), authority.certificate().pem()});
    if (!text) return text.error();
    if (!has_bundle_file()) {
      out.stream() << text->view();
      return {};
    }
    const auto write = force_ ? write_file : create_file;
    return write(bundle_, text->view(), kSecretMode);
  }

  const WallTime now_ = SystemClock().wall();
  std::vector<std::string> names_, extra_names_;
  std::string role_ = "worker";
  std::string key_type_ = key_type_names().front();
  std::string bundle_;
  std::uint64_t days_ = pki::kLeafLifetime.count();
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_sign() { return std::make_unique<Sign>(); }

}  // namespace p2p::ca
