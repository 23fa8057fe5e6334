// p2p-ca check: for cron and monitoring; the exit code says whether something must be renewed.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

std::string_view state_of(const pki::Certificate& certificate, const Trust& trust, WallTime now) {
  const auto& facts = certificate.facts();
  const Issuer issuer = trust.roots ? issuer_of(certificate, *trust.roots) : Issuer::signing;
  if (trust.lists.is_revoked(facts.issuer_key_id, facts.serial)) return "revoked";
  if (now >= facts.not_after) return "expired";
  if (issuer == Issuer::untrusted) return "untrusted";
  return issuer == Issuer::outgoing || is_due(certificate, now) ? "renew" : "ok";
}

Cell state_cell(const Json& entry) {
  const std::string state = cli::member_text(entry, "state");
  return {state, state == "ok" ? Style::good : state == "renew" ? Style::warn : Style::bad};
}

class CheckCertificates final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("NAME", targets_, 0, "names that were signed here, or files in PEM (default: all that are here)");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto certs = certificates_of(session.home);
    if (targets_.empty()) {
      const auto names = certs.names();
      if (!names) return Failure(names.error(), "p2p-ca init makes a CA and this folder");
      targets_ = *names;
    }
    const auto trust = read_trust(session.home);
    const WallTime now = SystemClock().wall();
    Document entries = Document::array();
    int worst = cli::kDone;
    for (const auto& target : targets_) {
      const auto subject = find_subject(certs, target);
      if (!subject) return Failure(subject.error(), "p2p-ca list shows what is there");
      const auto certificate = pki::read_certificate_file(subject->file);
      if (!certificate) return certificate.error();
      entries.push_back(describe(*certificate, subject->file, now));
      entries.back()["name"] = target;
      const auto state = state_of(*certificate, trust, now);
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
  std::vector<std::string> targets_;
};

}  // namespace

std::unique_ptr<cli::Command> make_check() { return std::make_unique<CheckCertificates>(); }

}  // namespace p2p::ca
