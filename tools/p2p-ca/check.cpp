// p2p-ca check: for cron and monitoring; the exit code says whether something must be renewed.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "authority_access.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Cell;
using cli::Failure;
using cli::Style;

/// Beyond the codes that all tools share.
constexpr int kRenew = 10;
constexpr int kExpired = 11;

/// What certificates are judged by.
struct Trust {
  std::optional<pki::Roots> roots{};  ///< none: no CA is known here, and only the time counts
  pki::RevocationLists lists{};
};

Trust read_trust(const std::filesystem::path& home) {
  auto roots = read_roots(home);
  if (!roots) return {};
  auto lists = read_lists(home);
  return {std::move(*roots), std::move(lists)};
}

std::string_view state_of(const Subject& subject, const Trust& trust, WallTime now) {
  const auto& certificate = subject.certificate;
  const auto& facts = certificate.facts();
  const Issuer issuer = trust.roots ? issuer_of(certificate, *trust.roots) : Issuer::signing;
  if (trust.lists.is_revoked(facts.issuer_key_id, facts.serial)) return "revoked";
  if (now >= facts.not_after) return "expired";
  if (issuer == Issuer::untrusted) return "untrusted";
  const bool is_old = subject.file.empty() ? is_overdue(certificate, now) : is_due(certificate, now);
  return issuer == Issuer::outgoing || is_old ? "renew" : "ok";
}

Cell state_cell(const Json& entry) {
  const std::string state = cli::member_text(entry, "state");
  return {state, state == "ok" ? Style::good : state == "renew" ? Style::warn : Style::bad};
}

class CheckCertificates final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", targets_, 0, "names that were signed here, or files in PEM (default: all)");
  }

  Attempt<void> run(cli::Session& session) override {
    std::vector<Subject> subjects;
    if (targets_.empty()) {
      auto found = find_all(session.home);
      if (!found) return found.error();
      subjects = std::move(*found);
    }
    for (const auto& target : targets_) {
      auto subject = find_subject(session.home, target);
      if (!subject) return subject.error();
      subjects.push_back(std::move(*subject));
    }
    const auto trust = read_trust(session.home);
    const WallTime now = SystemClock().wall();
    Document entries = Document::array();
    int worst = cli::kDone;
    for (const auto& subject : subjects) {
      entries.push_back(describe(subject.certificate, subject.file, now));
      entries.back()["name"] = subject.target;
      const auto state = state_of(subject, trust, now);
      entries.back()["state"] = state;
      worst = std::max(worst, state == "ok" ? cli::kDone : state == "renew" ? kRenew : kExpired);
    }
    const std::vector<cli::Column> columns{cli::member_column("NAME", "name"),
                                           cli::member_column("EXPIRES", "not_after"),
                                           cli::time_left_column(),
                                           {"STATE", state_cell}};
    session.out.list(to_text(entries), columns, "name");
    if (worst != cli::kDone) return Failure(worst, "");  // all was said
    return {};
  }

 private:
  /// What is here, and the valid ones that are in use elsewhere, by name.
  static Attempt<std::vector<Subject>> find_all(const std::filesystem::path& home) {
    std::vector<Subject> out;
    const auto names = certificates_of(home).names();
    if (!names) return Failure(names.error(), "p2p-ca init makes a CA and this folder");
    for (const auto& name : *names) {
      auto subject = find_subject(home, name);
      if (!subject) return subject.error();
      out.push_back(std::move(*subject));
    }
    if (has_authority(home)) {
      if (auto found = add_elsewhere(home, out); !found) return found.error();
    }
    std::ranges::stable_sort(out, {}, &Subject::target);
    return out;
  }

  /// Of each name and role the certificate that ends last, unless that is here.
  static Attempt<void> add_elsewhere(const std::filesystem::path& home, std::vector<Subject>& subjects) {
    const pki::Act act = act_now();
    auto authority = open_authority(home, act);
    if (!authority) return authority.error();
    const auto valid = authority->certificates({.expires_after = act.at, .revoked = false});
    if (!valid) return valid.error();
    std::map<std::pair<std::string, std::optional<pki::Role>>, const pki::RecordedCertificate*> last;
    for (const auto& record : *valid) {
      const auto*& known = last[{record.name, record.role}];
      if (known == nullptr || known->not_after <= record.not_after) known = &record;
    }
    std::set<Bytes> here;
    for (const auto& subject : subjects) here.insert(subject.certificate.facts().serial);
    for (const auto& [owner, record] : last) {
      if (here.contains(record->serial)) continue;
      auto certificate = pki::Certificate::from_der(record->der);
      if (!certificate) return Error(Errc::damaged, "the inventory's certificate of " + record->name);
      subjects.push_back({record->name, {}, true, std::move(*certificate)});
    }
    return {};
  }

  std::vector<std::string> targets_;
};

}  // namespace

std::unique_ptr<cli::Command> make_check() { return std::make_unique<CheckCertificates>(); }

}  // namespace p2p::ca
