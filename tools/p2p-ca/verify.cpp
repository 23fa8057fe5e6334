// p2p-ca verify: whether a node or another tool will accept a certificate: signed by this CA, valid now, with a role of
// this cluster, and, for one of the folder, with its own key beside it.
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "pki/roots.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

Error damaged(std::string why) { return {Errc::damaged, std::move(why)}; }

/// The CA's own certificate: one of the roots, and not expired.
Result<void> check_root(const pki::Certificate& certificate, const pki::Roots& roots, WallTime now) {
  const auto& facts = certificate.facts();
  if (now < facts.not_before || now >= facts.not_after) return damaged(remaining(certificate, now));
  for (const auto& root : roots.certificates()) {
    if (root.facts().sha256 == facts.sha256) return {};
  }
  return damaged("the certificate of another CA");
}

Result<void> check_leaf(const pki::Certificate& certificate, const Subject& subject, const pki::Roots& roots,
                        WallTime now) {
  const auto identity = certificate.identity();
  if (!identity) return damaged(identity.error().context);
  if (auto chain = roots.verify(certificate, pki::Purpose::client, now); !chain) return chain;
  if (identity->role != pki::Role::operator_) {
    if (auto chain = roots.verify(certificate, pki::Purpose::server, now); !chain) return chain;
  }
  const auto& uris = roots.certificates().front().facts().uris;
  if (uris.size() != 1 || uris.front() != pki::cluster_uri(identity->cluster_name)) {
    return damaged("of another cluster: " + identity->uri());
  }
  if (subject.by_name && identity->name != subject.target)
    return damaged("speaks for another name: " + identity->uri());
  return {};
}

/// The key beside a certificate of the folder may be elsewhere, but a wrong or loose one is an error.
Result<void> check_key(const Subject& subject, const Tool& tool) {
  if (!subject.by_name) return {};
  const auto pair = pki::read_pair(tool.certs.files_of(subject.target));
  if (!pair && pair.error().kind() != Errc::not_found) return pair.error();
  return {};
}

/// One certificate's outcome: the error, or the sentence that says that all is well.
Result<std::string> judge(const std::string& target, const pki::Roots& roots, const Tool& tool, Document& entry) {
  const auto subject = find_subject(tool, target);
  if (!subject) return subject.error();
  const auto certificate = pki::read_certificate_file(subject->file);
  if (!certificate) return certificate.error();
  entry = describe(*certificate, subject->file, tool.now);
  const auto checked = certificate->facts().is_ca ? check_root(*certificate, roots, tool.now)
                                                  : check_leaf(*certificate, *subject, roots, tool.now);
  if (!checked) return Error(checked.error().code, escape_controls(target) + ": " + checked.error().context);
  if (auto key = check_key(*subject, tool); !key) return key.error();
  return fmt::format("{}: ok, {} of {}, {}", target, role_of(*certificate).value_or("-"),
                     entry["cluster"].is_null() ? "-" : entry["cluster"].get<std::string>(),
                     remaining(*certificate, tool.now));
}

}  // namespace

int run_verify(const Options& options, Tool& tool) {
  const auto format = parse_format(options.format);
  if (!format) return tool.out.fail(format.error());
  const auto ca_file = tool.certs.files_of(kAuthorityName).certificate;
  const auto ca_pem = read_file(ca_file, pki::kMaxCertificatePemBytes);
  if (!ca_pem) return tool.out.fail(ca_pem.error(), "p2p-ca init makes a CA; elsewhere, copy its ca_cert.pem here");
  const auto roots = pki::Roots::from_pem(*ca_pem, ca_file.string());
  if (!roots) return tool.out.fail(roots.error());
  Document entries = Document::array();
  int exit_code = 0;
  for (const auto& target : options.targets) {
    Document entry = {{"name", escape_controls(target)}};
    const auto verdict = judge(target, *roots, tool, entry);
    entry["valid"] = verdict.has_value();
    entry["problem"] = verdict ? Document(nullptr) : Document(verdict.error().context);
    entries.push_back(std::move(entry));
    if (!verdict) {
      const int code = tool.out.fail(verdict.error());
      if (exit_code == 0) exit_code = code;
    } else if (*format == Format::table) {
      tool.out.line(*verdict);
    } else if (*format == Format::name) {
      tool.out.line(target);
    }
  }
  if (*format == Format::json || *format == Format::yaml) tool.out.document(entries, *format);
  return exit_code;
}

}  // namespace p2p::ca
