// p2p-node join: makes this machine a member of a fleet with nothing but an invitation. What is half done after a
// failure or a kill is taken up again by the next try with the same invitation (joining_files.hpp); until all is there,
// the home stays as it is.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/free_name.hpp"
#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "certificates/own_certificate.hpp"
#include "cli/home_owner.hpp"
#include "cli/input.hpp"
#include "cli/password.hpp"
#include "commands.hpp"
#include "config/home.hpp"
#include "joining_files.hpp"
#include "load_configuration.hpp"
#include "net/pinned_root.hpp"
#include "net/run_alone.hpp"
#include "node.hpp"
#include "pki/invitation.hpp"
#include "settings.hpp"

namespace p2p::node {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

constexpr std::chrono::milliseconds kFirstContact{15'000};

std::string yaml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// A configuration for the invited node. Names and addresses are from the invitation, so they are quoted and then read
/// back by the loader before they are used.
std::string configuration_of(const pki::Invitation& invitation, WallTime now) {
  std::string addresses;
  for (const auto& address : invitation.coordinators) {
    addresses.append(addresses.empty() ? "" : ", ").append(yaml_text(address));
  }
  std::string out = fmt::format("# Written by p2p-node join on {}. Every key: man p2p-node.\nnode_id: {}\n",
                                format_rfc3339(now, 0).substr(0, 10), yaml_text(invitation.name));
  if (invitation.cluster_name != config::NodeConfig().cluster_name) {
    out += fmt::format("cluster_name: {}\n", yaml_text(invitation.cluster_name));
  }
  out += fmt::format("coordinator_addresses: [{}]\n", addresses);
  if (invitation.role == pki::Role::coordinator) out += "coordinator_mode: true\n";
  return out;
}

std::string how_to_get_another(const pki::Invitation& invitation) {
  const bool is_worker = invitation.role == pki::Role::worker;  // the default
  return fmt::format("p2p-ca invite {}{} where the CA is makes another", invitation.name,
                     is_worker ? "" : fmt::format(" --role {}", pki::to_string(*invitation.role)));
}

/// What the home is to become.
struct JoinPlan {
  config::LoadedConfig loaded;
  std::optional<std::string> new_text{};  ///< of the configuration; none: the one that is there stays
};

/// Whose keys a home has and whether its node runs, by the configuration that is there now and by the one to come: they
/// may name other places.
class HomeInUse {
 public:
  HomeInUse(const config::Paths& paths, const config::LoadedConfig& to_come) : paths_(paths), all_{to_come} {
    // It may have faults, but not in what matters here.
    if (const auto sources = config::gather_sources(paths, "", {})) all_.push_back(config::load(*sources).config);
  }

  /// The CA's key that is here, or an empty path.
  fs::path ca_key() const {
    for (const auto& loaded : all_) {
      auto file = paths_.resolve(loaded.values.ssl_ca_key_file);
      if (file_exists(file)) return file;
    }
    return {};
  }

  /// No node of this home runs as long as these are held.
  Result<std::vector<FileLock>> lock() const {
    std::vector<FileLock> out;
    std::set<fs::path> taken;
    for (const auto& loaded : all_) {
      const auto file = paths_.state_directory(loaded.values) / "lock";
      const bool is_to_come = out.empty();
      if ((!is_to_come && !file_exists(file)) || !taken.insert(file).second) continue;
      auto held = FileLock::try_acquire(file);
      if (!held) return held.error();
      out.push_back(std::move(*held));
    }
    return out;
  }

 private:
  const config::Paths& paths_;
  std::vector<config::LoadedConfig> all_;
};

class Join final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("SOURCE", standard_input_, "- reads the invitation from standard input")
        .text("--invitation-file", "FILE", file_,
              "read it from this file, - for standard input (else $P2P_INVITATION, or a question)")
        .flag("--run", run_, "then run the node, as p2p-node does")
        .flag("--force", force_, "replace the certificate, key and configuration of another node in this home");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto text = read_invitation(session);
    if (!text) return text.error();
    const auto invitation = pki::parse_invitation(text->view());
    if (!invitation) return Failure(invitation.error(), "it is the one line that p2p-ca invite printed");
    if (auto checked = check(*invitation); !checked) return checked;
    if (auto done = cli::become_owner_of(session.home); !done) return done;
    const config::Paths paths(session.home);
    auto plan = make_plan(paths, *invitation, session);
    if (!plan) return plan.error();
    if (auto joined = join(*plan, paths, *invitation, session); !joined) return joined;
    return go_on(std::move(plan->loaded), invitation->role.value_or(pki::Role::worker), paths, session);
  }

 private:
  Attempt<crypto::Secret> read_invitation(cli::Session& session) const {
    if (standard_input_.empty() && file_ != "-") {
      auto text = cli::read_password({.variable = "P2P_INVITATION",
                                      .file = file_,
                                      .prompt = "Invitation (it is not shown)",
                                      .noun = "invitation",
                                      .max_bytes = pki::kMaxInvitationBytes});
      // Without a terminal.
      if (!text && file_.empty()) {
        return Failure(text.error().exit_code, text.error().message,
                       "give it by --invitation-file FILE, on standard input with -, or in $P2P_INVITATION");
      }
      return text;
    }
    if (!standard_input_.empty() && standard_input_ != "-") {
      return Failure(cli::kUsage, "an invitation is a secret and is not given on the command line",
                     "give it on standard input with -, by --invitation-file, in $P2P_INVITATION, or when asked");
    }
    auto text = cli::read_whole(session.in, pki::kMaxInvitationBytes);
    if (!text) return text.error();
    return crypto::Secret(std::move(*text));
  }

  Attempt<void> check(const pki::Invitation& invitation) const {
    if (invitation.coordinators.empty()) {
      return Failure(cli::kUsage, "the invitation names no coordinator",
                     "p2p-ca invite --coordinator HOST:PORT makes one that does");
    }
    if (!invitation.role || *invitation.role == pki::Role::operator_) {
      return Failure(cli::kUsage, fmt::format("the invitation of \"{}\" is not for a node", invitation.name),
                     invitation.role ? "operators get a bundle: p2p-ca sign NAME --role operator --bundle FILE"
                                     : "an invitation made with --web is for other ACME clients");
    }
    const auto now = clock_.wall();
    if (invitation.expires_at <= now) {
      return Failure(cli::kNotPermitted,
                     fmt::format("the invitation expired at {} (this machine's clock says {})",
                                 format_rfc3339(invitation.expires_at, 0), format_rfc3339(now, 0)),
                     how_to_get_another(invitation));
    }
    return {};
  }

  /// With the configuration that is there when it is this node's, else the one that the invitation says, which takes
  /// the place of another one only by force.
  Attempt<JoinPlan> make_plan(const config::Paths& paths, const pki::Invitation& invitation,
                              cli::Session& session) const {
    const auto file = paths.default_config();
    if (file_exists(file)) {
      auto loaded = load_configuration(paths, "", {}, &session.report);
      if (!loaded && !force_) return loaded.error();
      const std::string other = loaded ? difference(*loaded, invitation) : "it cannot be read";
      const bool is_kept = other.empty() && (!force_ || names_one_of(loaded->values, invitation));
      if (is_kept) return JoinPlan{std::move(*loaded), std::nullopt};
      if (!force_) {
        return Failure(cli::kFailed,
                       fmt::format("{}: {}, but the invitation is for {} {} of cluster {}", file.string(), other,
                                   pki::to_string(*invitation.role), invitation.name, invitation.cluster_name),
                       "correct it, or replace what is there with --force");
      }
    }
    std::string text = configuration_of(invitation, clock_.wall());
    auto loaded = load_configuration_text(paths, text, session.report);
    if (!loaded) return loaded.error();
    return JoinPlan{std::move(*loaded), std::move(text)};
  }

  /// In what the configuration is another node's; empty where it is that of the invitation.
  static std::string difference(const config::LoadedConfig& loaded, const pki::Invitation& invitation) {
    const config::NodeConfig& config = loaded.values;
    if (config.node_id != invitation.name) return fmt::format("node_id is {}", config.node_id);
    if (config.cluster_name != invitation.cluster_name) return fmt::format("cluster_name is {}", config.cluster_name);
    if (config.coordinator_addresses.empty() && invitation.role == pki::Role::worker) {
      return "coordinator_addresses is empty";
    }
    if (loaded.given("coordinator_mode") && config.coordinator_mode != (invitation.role == pki::Role::coordinator)) {
      return fmt::format("coordinator_mode is {}", config.coordinator_mode);
    }
    return {};
  }

  static bool names_one_of(const config::NodeConfig& config, const pki::Invitation& invitation) {
    return std::ranges::any_of(invitation.coordinators, [&](const std::string& address) {
      return std::ranges::find(config.coordinator_addresses, address) != config.coordinator_addresses.end();
    });
  }

  Attempt<void> join(const JoinPlan& plan, const config::Paths& paths, const pki::Invitation& invitation,
                     cli::Session& session) const {
    const HomeInUse home(paths, plan.loaded);
    auto files = material_request(plan.loaded, paths);
    if (auto free = check_room(home, files, invitation.name); !free) return free;
    const auto locks = home.lock();
    if (!locks) {
      const bool is_running = locks.error().kind() == Errc::exists;
      return Failure(locks.error(), is_running ? "a node of this home is running; stop it first" : "");
    }
    const fs::path ca_certificate = files.ca_certificate;
    const JoiningFiles joining({files.own, ca_certificate, account_key_file(paths, plan.loaded.values)}, invitation.kid,
                               force_);
    if (!joining.are_complete()) {
      files.own = joining.beside().own;
      files.ca_certificate = joining.beside().ca_certificate;
      files.coordinator = invitation.role == pki::Role::coordinator;
      auto settings = enrollment_settings(plan.loaded.values);
      settings.coordinators = coordinators_of(invitation);
      const auto trusted = trust_root(ca_certificate, files.ca_certificate, settings.coordinators, invitation, session);
      if (!trusted) return trusted;
      if (auto done = enroll(files, std::move(settings), joining, invitation, session); !done) return done;
    }
    if (plan.new_text && file_exists(paths.default_config())) {
      const fs::path aside = free_name(paths.default_config().string() + ".before");
      if (auto kept = move_file(paths.default_config(), aside); !kept) return Failure(kept.error());
      session.report.note(
          fmt::format("the configuration that was there is kept as {}, and is not used any more", aside.string()));
    }
    if (auto done = joining.put_in_place(paths.default_config(), plan.new_text); !done) {
      return Failure(done.error(), "p2p-node join again with the same invitation goes on from here");
    }
    return {};
  }

  Attempt<void> check_room(const HomeInUse& home, const pki::NodeMaterialRequest& files,
                           const std::string& name) const {
    if (const auto key = home.ca_key(); !key.empty()) {
      return Failure(cli::kFailed, fmt::format("the CA's key is in this home: {}", key.string()),
                     fmt::format("p2p-ca sign {} makes a certificate here; --home DIR chooses another home", name));
    }
    if (force_ || !file_exists(files.own.certificate)) return {};
    return Failure(cli::kFailed,
                   fmt::format("{} is there: this machine has joined already", files.own.certificate.string()),
                   "p2p-node starts the node; --force joins anew, with a new key");
  }

  static std::vector<net::Endpoint> coordinators_of(const pki::Invitation& invitation) {
    std::vector<net::Endpoint> out;
    for (const auto& address : invitation.coordinators) {
      if (auto endpoint = net::parse_endpoint(address, config::NodeConfig().port)) out.push_back(std::move(*endpoint));
    }
    return out;
  }

  Attempt<void> enroll(const pki::NodeMaterialRequest& files, acme::EnrollmentSettings settings,
                       const JoiningFiles& joining, const pki::Invitation& invitation, cli::Session& session) const {
    settings.external_kid = invitation.kid;
    const acme::MacKey mac_key{crypto::Secret(as_text(invitation.hmac_key))};
    settings.external_key = &mac_key;
    const auto account = open_account_key(joining.beside().account_key);
    if (!account) return Failure(account.error());
    NullLogSink silent;
    const auto enrolled = enroll_now(files, std::move(settings), *account, invitation.role, clock_, silent);
    if (!enrolled) return refusal(enrolled.error(), joining, invitation);
    if (!enrolled->left_out.empty()) {
      std::string names;
      for (const auto& name : enrolled->left_out) names.append(names.empty() ? "" : ", ").append(name.text);
      session.report.warning(fmt::format("the certificate does without {}: {}", names, enrolled->why_left_out));
    }
    session.report.note(fmt::format("{} has a certificate as {} of cluster {}, valid until {}", invitation.name,
                                    pki::to_string(*invitation.role), invitation.cluster_name,
                                    format_rfc3339(enrolled->certificate.facts().not_after, 0)));
    return {};
  }

  /// Writes the roots to trust to `file`: those in `present` where that is the invitation's CA already, else what a
  /// coordinator shows that has the invitation's fingerprint; and those that have come since.
  Attempt<void> trust_root(const fs::path& present, const fs::path& file,
                           const std::vector<net::Endpoint>& coordinators, const pki::Invitation& invitation,
                           cli::Session& session) const {
    crypto::Sha256 fingerprint{};
    std::copy_n(invitation.ca_fingerprint.begin(), fingerprint.size(), fingerprint.begin());
    const auto pem = !force_ && file_exists(present) ? read_root(present, fingerprint)
                                                     : fetch_root(coordinators, fingerprint, session);
    if (!pem) return pem.error();
    const auto written = write_file(file, with_other_roots(*pem, coordinators, invitation), kPublicMode);
    return written ? Attempt<void>() : Failure(written.error());
  }

  static Attempt<std::string> fetch_root(const std::vector<net::Endpoint>& coordinators,
                                         const crypto::Sha256& fingerprint, cli::Session& session) {
    std::string failures;
    for (const auto& coordinator : coordinators) {
      session.report.detail("asking " + coordinator.to_text());
      asio::io_context loop{1};
      auto pem =
          net::run_alone(loop, net::fetch_pinned_root(loop.get_executor(), coordinator, fingerprint, kFirstContact));
      if (pem) return std::move(*pem);
      if (pem.error().kind() == Errc::not_permitted) {
        return Failure(pem.error(), "somebody else answers there, or the CA was made anew: ask for a new invitation");
      }
      failures.append(failures.empty() ? "" : "; ").append(pem.error().context);
    }
    return Failure(cli::kUnreachable, "no coordinator answers: " + failures,
                   "is p2p-node running there, and does a firewall let the port through?");
  }

  static Attempt<std::string> read_root(const fs::path& file, const crypto::Sha256& fingerprint) {
    auto text = read_file(file, pki::kMaxCertificatePemBytes);
    if (!text) return Failure(text.error());
    const auto roots = pki::read_all_certificates(*text, file.string());
    if (!roots) return Failure(roots.error());
    const bool is_known =
        std::any_of(roots->begin(), roots->end(), [&](const auto& root) { return root.facts().sha256 == fingerprint; });
    if (is_known) return std::move(*text);
    return Failure(cli::kFailed,
                   fmt::format("{} is the certificate of another CA than the invitation's", file.string()),
                   "--force replaces it");
  }

  /// The roots that the fleet trusts now where the CA's key is being replaced, else these.
  static std::string with_other_roots(const std::string& pem, const std::vector<net::Endpoint>& coordinators,
                                      const pki::Invitation& invitation) {
    for (const auto& coordinator : coordinators) {
      auto pinned = pki::Roots::from_pem(pem, coordinator.to_text());
      if (!pinned) return pem;
      asio::io_context loop{1};
      auto fetching = net::fetch_root_list(loop.get_executor(), coordinator, std::move(*pinned),
                                           invitation.cluster_name, kFirstContact);
      const auto list = net::run_alone(loop, std::move(fetching));
      if (list) return list->list.pem;
      if (list.error().kind() != Errc::unreachable) return pem;
    }
    return pem;
  }

  static Failure refusal(const acme::ClientFailure& failure, const JoiningFiles& joining,
                         const pki::Invitation& invitation) {
    if (failure.problem == "unauthorized") {
      joining.drop();
      if (failure.detail.empty()) return {failure.error, how_to_get_another(invitation)};
      return {Error(failure.error.code, fmt::format("{} cannot join: {}", invitation.name, failure.detail)),
              how_to_get_another(invitation)};
    }
    return {failure.error, "p2p-node join again goes on from here; p2p-node doctor looks for what is wrong"};
  }

  Attempt<void> go_on(config::LoadedConfig loaded, pki::Role role, const config::Paths& paths,
                      cli::Session& session) const {
    if (role == pki::Role::coordinator) {
      session.report.note("a fleet has one coordinator at a time: stop the other one before this one starts");
    }
    if (!run_) {
      const bool is_of_service = session.home == "/var/lib/p2p";
      session.report.note(is_of_service ? "start it: systemctl enable --now p2p-node" : "start it with p2p-node");
      return {};
    }
    return run_node({std::move(loaded), paths, [paths]() -> Result<config::LoadedConfig> {
                       auto again = load_configuration(paths, "", {}, nullptr);
                       if (!again) return Error(Errc::invalid, again.error().message);
                       return std::move(*again);
                     }});
  }

  SystemClock clock_;
  std::string standard_input_, file_;
  bool run_ = false;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_join() { return std::make_unique<Join>(); }

}  // namespace p2p::node
