// p2p-ca rotate: a new CA key in place of the old one, step by step.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "authority_access.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "pki/fleet_trust.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

/// As many names as a person reads.
constexpr std::size_t kShownNames = 5;
/// A coordinator looks once a second.
constexpr std::chrono::seconds kReportPatience{5};
constexpr std::chrono::milliseconds kLookPause{100};
/// A report is written in whole seconds.
constexpr std::chrono::seconds kClockSlack{2};

using IsReady = std::function<bool(const pki::NodeTrust&)>;

/// What the coordinator of this home wrote down a moment ago; `not_found` when there is none that does.
Result<pki::FleetTrust> read_fleet_trust(const std::filesystem::path& file, WallTime now) {
  const auto text = read_file(file, pki::kMaxFleetTrustBytes);
  const Error none(Errc::not_found, "no coordinator says which nodes are ready: none runs in this home");
  if (!text) return text.error().kind() == Errc::not_found ? none : text.error();
  auto fleet = pki::parse_fleet_trust(*text);
  if (!fleet) return Error(fleet.error().code, file.string() + ": " + fleet.error().context);
  // One from the future is of another clock and says as little.
  if (now - fleet->at > pki::kFleetTrustLifetime || fleet->at > now + kClockSlack || fleet->nodes.empty()) return none;
  return fleet;
}

bool runs_node(const std::filesystem::path& home) {
  const auto lock = lock_of_node(home);
  return !lock && lock.error().kind() == Errc::exists;
}

/// As above; a coordinator that runs in this home is given the time to notice what was done a moment ago. `otherwise`
/// is the hint where none runs.
Attempt<pki::FleetTrust> await_fleet_trust(const std::filesystem::path& file, WallTime now,
                                           const std::filesystem::path& home, const char* otherwise) {
  using Steady = std::chrono::steady_clock;
  auto fleet = read_fleet_trust(file, now);
  if (fleet) return std::move(*fleet);
  const auto is_absent = [&] { return fleet.error().kind() == Errc::not_found; };
  if (!is_absent() || !runs_node(home)) return Failure(fleet.error(), otherwise);
  const auto until = Steady::now() + kReportPatience;
  while (Steady::now() < until) {
    std::this_thread::sleep_for(kLookPause);
    fleet = read_fleet_trust(file, SystemClock().wall());
    if (fleet) return std::move(*fleet);
    if (!is_absent()) return fleet.error();
  }
  return Failure(cli::kNotFound, "the node of this home does not say yet which nodes are ready",
                 "ask again in a moment; it must be the coordinator");
}

/// `worker-1, worker-2 and 7 more`.
std::string some_of(const std::vector<std::string>& names) {
  const std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShownNames)));
  if (shown.size() == names.size()) return join(shown, ", ");
  return fmt::format("{} and {} more", join(shown, ", "), names.size() - shown.size());
}

class Rotate final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.flag("--status", status_, "how far the rotation is, and each node with it; changes nothing")
        .flag("--activate", activate_, "second step: the new key signs from now on")
        .flag("--retire", retire_, "last step: the old root is trusted no longer")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                fmt::format("how long the new root is valid (default {})", days_))
        .text("--key-type", "TYPE", key_type_, "type of the new key (default: that of the old one)")
        .flag("-f,--force", force_, "with --activate or --retire, even if nodes are not ready for it; asks first")
        .flag("--yes", yes_, "answer the question of --force");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    if (int{activate_} + int{retire_} + int{status_} > 1) {
      return Error(Errc::invalid, "--activate and --retire are two steps, and --status is none");
    }
    if (force_ && !retire_ && !activate_) return Error(Errc::invalid, "--force goes with --activate or --retire");
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    if (status_) return show_status(*authority, session);
    const auto lock = certificates_of(session.home).lock();
    if (!lock) return lock.error();
    const auto done = activate_ ? activate(*authority, session)
                      : retire_ ? retire(*authority, session)
                                : begin(*authority, session);
    if (!done) return done;
    print_roots(*authority, session.out);
    // A list for each root that is trusted now.
    const auto crl = publish_crl(*authority, act_, session.report);
    if (!crl) return crl.error();
    return {};
  }

 private:
  Attempt<void> begin(pki::IssuingAuthority& authority, cli::Session& session) const {
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    const std::string& old_type = roots->certificates().front().facts().key_type;
    const auto type = crypto::parse_key_type(key_type_.empty() ? old_type : key_type_);
    if (!type) return Error(Errc::invalid, fmt::format("\"{}\" is not a type of key", key_type_));
    const auto made = authority.make_successor(*type, std::chrono::days{days_}, act_);
    if (!made) return Failure(made.error(), "p2p-ca rotate --status shows how far it is");
    session.report.note(
        "made a new root; the old key still signs, and running nodes learn of the new one by themselves");
    session.report.note("next, when every node trusts both (p2p-ca rotate --status): p2p-ca rotate --activate");
    return {};
  }

  Attempt<void> activate(pki::IssuingAuthority& authority, cli::Session& session) const {
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    if (roots->certificates().size() > 1 && !is_activated(authority)) {
      const std::string next = to_hex(roots->certificates().back().facts().subject_key_id);
      const auto ready = check_nodes(
          authority, session, Asked::every_certified, [&](const pki::NodeTrust& node) { return node.does_trust(next); },
          "the new root is not yet known to be trusted by");
      if (!ready) return ready;
    }
    if (is_activated(authority)) {
      session.report.note("the new key signs already");
    } else if (auto activated = authority.activate_successor(act_); !activated) {
      return Failure(activated.error(), "p2p-ca rotate makes a new root");
    }
    session.report.note("the new key signs from now on; running nodes renew their certificates by themselves");
    session.report.note(
        "operators: p2p-ca renew operator; for those elsewhere, p2p-ca sign NAME --role operator --bundle FILE "
        "--force");
    session.report.note("next, when all have (p2p-ca rotate --status): p2p-ca rotate --retire");
    return {};
  }

  Attempt<void> retire(pki::IssuingAuthority& authority, cli::Session& session) const {
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    if (is_activated(authority)) {
      const std::string active = to_hex(roots->certificates().front().facts().subject_key_id);
      const auto ready = check_nodes(
          authority, session, Asked::every_known, [&](const pki::NodeTrust& node) { return node.issuer == active; },
          "a certificate of the old root is still used by");
      if (!ready) return ready;
    }
    const auto retired = authority.retire_predecessor(force_, act_);
    if (roots->certificates().size() == 1) {
      session.report.note("there is one root only, and nothing to retire");
      return {};
    }
    if (!retired) {
      const bool is_early = retired.error().kind() == Errc::not_permitted;
      return Failure(retired.error(),
                     is_early ? "p2p-ca rotate --status lists them; p2p-ca renew NAME, or revoke" : "");
    }
    session.report.note("the old root is retired; its key was removed");
    return {};
  }

  /// Between the second step and the last.
  bool is_activated(pki::IssuingAuthority& authority) const {
    return authority.outdated_certificates(act_.at).has_value();
  }

  enum class Asked : unsigned char { every_certified, every_known };
  /// Fails while nodes are not ready, unless --force was given and confirmed. Asked are those that the coordinator
  /// knows of, and, where one that is off or was never started would be cut off, all that have a certificate.
  Attempt<void> check_nodes(pki::IssuingAuthority& authority, cli::Session& session, Asked asked,
                            const IsReady& is_ready, const std::string& what) const {
    if (force_) {
      if (yes_) return {};
      return session.confirm("Go on even though nodes may not be ready? Those that are not lose the fleet.");
    }
    const auto nodes = node_names(authority);
    if (!nodes) return nodes.error();
    // A CA without nodes has nobody to wait for.
    if (nodes->empty()) return {};
    const auto fleet = await_fleet_trust(authority.paths().fleet_trust, act_.at, session.home,
                                         "start the coordinator, or, when every node is ready: --force");
    if (!fleet) return fleet.error();
    std::set<std::string> missing;
    if (asked == Asked::every_certified) missing = *nodes;
    for (const auto& node : fleet->nodes) {
      if (is_ready(node)) {
        missing.erase(node.node_id);
      } else {
        missing.insert(node.node_id);
      }
    }
    const std::vector<std::string> waiting(missing.begin(), missing.end());
    if (waiting.empty()) return {};
    return Failure(Error(Errc::not_permitted,
                         fmt::format("{} {}: {}", what, counted(std::ssize(waiting), "node"), some_of(waiting))),
                   "start those that are off; for those that are gone: p2p-ca revoke NAME, or --force");
  }

  /// All that have a valid certificate as a node.
  Result<std::set<std::string>> node_names(pki::IssuingAuthority& authority) const {
    const auto valid = authority.certificates({.expires_after = act_.at, .revoked = false});
    if (!valid) return valid.error();
    std::set<std::string> out;
    for (const auto& record : *valid) {
      if (record.role && *record.role != pki::Role::operator_) out.insert(record.name);
    }
    return out;
  }

  Attempt<void> show_status(pki::IssuingAuthority& authority, cli::Session& session) const {
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    if (roots->certificates().size() < 2) {
      session.report.note("no rotation is under way; p2p-ca rotate begins one");
      session.out.list("[]", {}, "node_id");
      return {};
    }
    const auto outdated = authority.outdated_certificates(act_.at);
    const bool is_active = outdated.has_value();
    if (!is_active && outdated.error().kind() != Errc::not_found) return outdated.error();
    session.report.note(is_active
                            ? "the new key signs; next, when every node uses its signature: p2p-ca rotate --retire"
                            : "the old key signs; next, when every node trusts both: p2p-ca rotate --activate");
    if (is_active && !outdated->empty()) {
      std::vector<std::string> names;
      for (const auto& record : *outdated) names.push_back(record.name);
      session.report.note(fmt::format("to be renewed or revoked: {}", some_of(names)));
    }
    const auto fleet =
        await_fleet_trust(authority.paths().fleet_trust, act_.at, session.home, "start the coordinator and ask again");
    if (!fleet) return fleet.error();
    const auto certified = node_names(authority);
    if (!certified) return certified.error();
    const auto& newer = roots->certificates().at(is_active ? 0 : 1);
    print_nodes(is_active ? *fleet : with_unseen(*fleet, *certified), to_hex(newer.facts().subject_key_id),
                session.out);
    return {};
  }

  /// Before the new key signs, those with a certificate that the coordinator has never seen are waited for as well.
  static pki::FleetTrust with_unseen(pki::FleetTrust fleet, std::set<std::string> certified) {
    for (const auto& node : fleet.nodes) certified.erase(node.node_id);
    for (const auto& name : certified) fleet.nodes.push_back({name, "never seen", {}, {}});
    return fleet;
  }

  static void print_nodes(const pki::FleetTrust& fleet, const std::string& new_root, cli::Output& out) {
    Document rows = Document::array();
    for (const auto& node : fleet.nodes) {
      rows.push_back({{"node_id", node.node_id},
                      {"status", node.status},
                      {"trusts_new_root", node.does_trust(new_root)},
                      {"has_new_certificate", node.issuer == new_root}});
    }
    const auto yes_or_no = [](std::string_view heading, const char* key) {
      return cli::Column{heading, [key](const Json& row) {
                           const bool yes = row.at(key).get<bool>();
                           return cli::Cell{yes ? "yes" : "no", yes ? cli::Style::good : cli::Style::warn};
                         }};
    };
    const std::vector<cli::Column> columns{cli::member_column("NODE", "node_id"), cli::state_column("STATUS", "status"),
                                           yes_or_no("TRUSTS NEW ROOT", "trusts_new_root"),
                                           yes_or_no("NEW CERTIFICATE", "has_new_certificate")};
    out.list(to_text(rows), columns, "node_id");
  }

  void print_roots(pki::IssuingAuthority& authority, cli::Output& out) const {
    const auto roots = authority.roots();
    if (!roots) return;
    Document entries = Document::array();
    for (const auto& root : roots->certificates()) {
      entries.push_back(describe(root, authority.paths().certificate, act_.at));
      entries.back()["signs"] = entries.size() == 1;
    }
    auto columns = cli::certificate_columns();
    columns.push_back({"SIGNS", [](const Json& root) { return cli::Cell{root.at("signs").get<bool>() ? "yes" : ""}; }});
    out.list(to_text(entries), columns, "name");
  }

  pki::Act act_;  ///< of this run
  std::string key_type_;
  std::uint64_t days_ = pki::kAuthorityLifetime.count();
  bool status_ = false;
  bool activate_ = false;
  bool retire_ = false;
  bool force_ = false;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_rotate() { return std::make_unique<Rotate>(); }

}  // namespace p2p::ca
