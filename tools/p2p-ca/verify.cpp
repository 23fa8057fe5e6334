// p2p-ca verify: whether a node or another tool will accept a certificate: signed by this CA, valid now, not revoked,
// with a role of this cluster, and, for one of the folder, with its own key beside it.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "pki/roots.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;

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

/// A certificate for a server of another program: no URI, so that nothing of the fleet takes it for a member.
bool is_web(const pki::Certificate& certificate) {
  const auto& facts = certificate.facts();
  return facts.uris.empty() && facts.for_servers && !facts.for_clients;
}

Result<void> check_leaf(const Subject& subject, const pki::Roots& roots, WallTime now) {
  const auto& certificate = subject.certificate;
  if (is_web(certificate)) return roots.verify(certificate, pki::Purpose::server, now);
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
Attempt<void> check_key(const Subject& subject, const pki::CertificateFolder& certs) {
  if (!subject.by_name) return {};
  const auto pair = pki::read_pair(certs.files_of(subject.target));
  if (pair || pair.error().kind() == Errc::not_found) return {};
  if (pair.error().kind() != Errc::damaged) return pair.error();  // a loose one: the error says what to run
  return cli::Failure(pair.error(), fmt::format("bring the right key here, or make both anew where the CA's key is: "
                                                "p2p-ca sign {} --force",
                                                subject.target));
}

/// What to do about a certificate that is refused.
std::string hint_for(const Subject& subject, const pki::Roots& roots, bool revoked, WallTime now) {
  const auto& certificate = subject.certificate;
  const auto& facts = certificate.facts();
  if (now < facts.not_before) return "is the clock of this machine right?";
  if (facts.is_ca) {
    return now < facts.not_after ? "is this the right home (--home, $P2P_HOME)?" : "p2p-ca init --force makes a new CA";
  }
  if (roots.issuer_of(certificate) == nullptr) {
    return fmt::format("is this the right home (--home, $P2P_HOME)? p2p-ca show {} names the issuer", subject.target);
  }
  const auto identity = certificate.identity();
  const std::string name = identity ? identity->name : subject.target;
  if (revoked) return fmt::format("if {} shall be trusted again: p2p-ca sign {} --force", name, name);
  if (now >= facts.not_after) return fmt::format("p2p-ca renew {}, where the CA's key is", name);
  if (subject.by_name && name != subject.target)
    return "files are called after the name in them; p2p-ca list shows both";
  return {};
}

/// One certificate's outcome: the error, or the sentence that says that all is well. Fills `entry` as far as it gets.
Attempt<std::string> judge(const std::string& target, const pki::Roots& roots, const pki::RevocationLists& lists,
                           const std::filesystem::path& home, WallTime now, Document& entry) {
  const auto subject = find_subject(home, target);
  if (!subject) return subject.error();
  const auto& certificate = subject->certificate;
  entry = describe(certificate, subject->file, now);
  const auto& facts = certificate.facts();
  auto checked = facts.is_ca ? check_root(certificate, roots, now) : check_leaf(*subject, roots, now);
  const bool revoked = lists.is_revoked(facts.issuer_key_id, facts.serial);
  if (checked && revoked) checked = damaged("revoked");
  if (!checked) {
    return cli::Failure(Error(checked.error().code, target + ": " + checked.error().context),
                        hint_for(*subject, roots, revoked, now));
  }
  if (auto key = check_key(*subject, certificates_of(home)); !key) return key.error();
  return fmt::format("{}: ok, {} of {}, {}", target, role_of(certificate).value_or("-"),
                     entry["cluster"].is_null() ? "-" : entry["cluster"].get<std::string>(),
                     remaining(certificate, now));
}

class Verify final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", targets_, 1, "names that were signed here, or files in PEM");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto roots = read_roots(session.home);
    if (!roots) return roots.error();
    const auto lists = read_lists(session.home);
    const WallTime now = SystemClock().wall();
    const cli::Format format = session.out.format();
    Document entries = Document::array();
    cli::Failure ending;
    ending.exit_code = cli::kDone;
    for (const auto& target : targets_) {
      Document entry = {{"name", target}};
      const auto verdict = judge(target, *roots, lists, session.home, now, entry);
      entry["valid"] = verdict.has_value();
      entry["problem"] = verdict ? Document(nullptr) : Document(verdict.error().message);
      entries.push_back(std::move(entry));
      if (!verdict) {
        session.report.failure(verdict.error());
        if (ending.exit_code == cli::kDone) ending.exit_code = verdict.error().exit_code;
      } else if (format == cli::Format::table) {
        session.out.stream() << escape_controls(*verdict) << '\n';
      } else if (format == cli::Format::name) {
        session.out.stream() << escape_controls(target) << '\n';
      }
    }
    if (format == cli::Format::json || format == cli::Format::yaml) session.out.value(to_text(entries));
    if (ending.exit_code != cli::kDone) return ending;  // all was said
    return {};
  }

 private:
  std::vector<std::string> targets_;
};

}  // namespace

std::unique_ptr<cli::Command> make_verify() { return std::make_unique<Verify>(); }

}  // namespace p2p::ca
