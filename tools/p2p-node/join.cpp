// p2p-node join: makes this machine a member of a fleet with nothing but an invitation. What is half done after a
// failure or a kill is taken up again by the next try with the same invitation: keys are kept, and the certificate
// comes last.
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "certificates/own_certificate.hpp"
#include "cli/password.hpp"
#include "commands.hpp"
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

/// What is written belongs to whoever owns the home (the service's user), not to root who types the command.
Attempt<void> become_owner_of(const fs::path& home) {
  struct stat found {};
  if (::geteuid() != 0 || ::stat(home.c_str(), &found) != 0 || found.st_uid == 0) return {};
  const bool done = ::setgroups(0, nullptr) == 0 && ::setgid(found.st_gid) == 0 && ::setuid(found.st_uid) == 0;
  if (!done) return Failure(cli::kFailed, fmt::format("cannot become the owner of {}", home.string()));
  return {};
}

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

class Join final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("SOURCE", standard_input_, "- reads the invitation from standard input")
        .text("--invitation-file", "FILE", file_, "read it from this file (else $P2P_INVITATION, or a question)")
        .flag("--run", run_, "then run the node, as p2p-node does")
        .flag("--force", force_, "replace the certificate, key and configuration of another node in this home");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto text = read_invitation(session);
    if (!text) return text.error();
    const auto invitation = pki::parse_invitation(text->view());
    if (!invitation) return Failure(invitation.error(), "it is the one line that p2p-ca invite printed");
    if (auto checked = check(*invitation); !checked) return checked;
    if (auto done = become_owner_of(session.home); !done) return done;
    const config::Paths paths(session.home);
    auto loaded = configure(paths, *invitation, session);
    if (!loaded) return loaded.error();
    const auto lock = FileLock::try_acquire(paths.state_directory(loaded->values) / "lock");
    if (!lock) {
      return lock.error().kind() == Errc::exists
                 ? Failure(lock.error(), "a node of this home is running; stop it first")
                 : Failure(lock.error());
    }
    if (auto joined = enroll(*loaded, paths, *invitation, session); !joined) return joined;
    return go_on(std::move(*loaded), paths, session);
  }

 private:
  Attempt<crypto::Secret> read_invitation(cli::Session& session) const {
    if (standard_input_.empty()) {
      return cli::read_password({.variable = "P2P_INVITATION",
                                 .file = file_,
                                 .prompt = "Invitation (it is not shown)",
                                 .noun = "invitation",
                                 .max_bytes = pki::kMaxInvitationBytes});
    }
    if (standard_input_ != "-") {
      return Failure(cli::kUsage, "an invitation is a secret and is not given on the command line",
                     "give it on standard input with -, by --invitation-file, in $P2P_INVITATION, or when asked");
    }
    std::string text(pki::kMaxInvitationBytes + 1, '\0');
    session.in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(session.in.gcount()));
    return crypto::Secret(std::move(text));
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
                     fmt::format("p2p-ca invite {} makes another", invitation.name));
    }
    return {};
  }

  /// The configuration that is there when it is this node's, else the one that the invitation says.
  Attempt<config::LoadedConfig> configure(const config::Paths& paths, const pki::Invitation& invitation,
                                          cli::Session& session) const {
    const auto file = paths.default_config();
    if (!file_exists(file) || force_) {
      const std::string text = configuration_of(invitation, clock_.wall());
      if (auto written = write_file(file, text, kPublicMode); !written) return Failure(written.error());
      session.report.detail("wrote " + file.string());
    }
    auto loaded = load_configuration(paths, "", {}, &session.report);
    if (!loaded) return loaded;
    const auto& config = loaded->values;
    const std::string other = [&]() -> std::string {
      if (config.node_id != invitation.name) return fmt::format("node_id is {}", config.node_id);
      if (config.cluster_name != invitation.cluster_name) return fmt::format("cluster_name is {}", config.cluster_name);
      if (config.coordinator_addresses.empty() && invitation.role == pki::Role::worker) {
        return "coordinator_addresses is empty";
      }
      return {};
    }();
    if (other.empty()) return loaded;
    return Failure(cli::kFailed,
                   fmt::format("{}: {}, but the invitation is for {} of cluster {}", file.string(), other,
                               invitation.name, invitation.cluster_name),
                   "correct it, or replace what is there with --force");
  }

  Attempt<void> enroll(const config::LoadedConfig& loaded, const config::Paths& paths,
                       const pki::Invitation& invitation, cli::Session& session) const {
    auto files = material_request(loaded, paths);
    files.coordinator = invitation.role == pki::Role::coordinator;
    const auto account_file = account_key_file(paths, loaded.values);
    if (auto free = make_room(files, account_file, invitation.name, session); !free) return free;
    auto settings = enrollment_settings(loaded.values);
    settings.coordinators.clear();
    for (const auto& address : invitation.coordinators) {
      if (auto endpoint = net::parse_endpoint(address, config::NodeConfig().port)) {
        settings.coordinators.push_back(std::move(*endpoint));
      }
    }
    settings.external_kid = invitation.kid;
    const acme::MacKey mac_key{crypto::Secret(as_text(invitation.hmac_key))};
    settings.external_key = &mac_key;
    if (auto done = trust_root(files.ca_certificate, settings.coordinators, invitation, session); !done) return done;
    const auto account = open_account_key(account_file);
    if (!account) return Failure(account.error());
    NullLogSink silent;
    const auto enrolled = enroll_now(files, settings, *account, invitation.role, clock_, silent);
    if (!enrolled) return refusal(enrolled.error(), invitation);
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

  Attempt<void> make_room(const pki::NodeMaterialRequest& files, const fs::path& account_file, const std::string& name,
                          cli::Session& session) const {
    if (file_exists(files.ca_key)) {
      return Failure(cli::kFailed, fmt::format("the CA's key is in this home: {}", files.ca_key.string()),
                     fmt::format("p2p-ca sign {} makes a certificate here; --home DIR chooses another home", name));
    }
    if (!file_exists(files.own.certificate)) return {};
    if (!force_) {
      return Failure(cli::kFailed,
                     fmt::format("{} is there: this machine has joined already", files.own.certificate.string()),
                     "p2p-node starts the node; --force joins anew, with a new key");
    }
    session.report.detail("replacing " + files.own.certificate.string());
    std::error_code failed;
    for (const auto& path : {files.own.certificate, files.own.key, files.ca_certificate, account_file}) {
      fs::remove(path, failed);
      if (failed) return Failure(cli::kFailed, fmt::format("{}: {}", path.string(), failed.message()));
    }
    return {};
  }

  /// Puts the CA's certificate in its file once a coordinator has shown the one with the invitation's fingerprint.
  static Attempt<void> trust_root(const fs::path& file, const std::vector<net::Endpoint>& coordinators,
                                  const pki::Invitation& invitation, cli::Session& session) {
    crypto::Sha256 fingerprint{};
    std::copy_n(invitation.ca_fingerprint.begin(), fingerprint.size(), fingerprint.begin());
    if (file_exists(file)) return check_root(file, fingerprint);
    std::string failures;
    for (const auto& coordinator : coordinators) {
      session.report.detail("asking " + coordinator.to_text());
      const auto pem = fetch(coordinator, fingerprint);
      if (pem) {
        const auto written = write_file(file, with_other_roots(*pem, coordinator, invitation), kPublicMode);
        return written ? Attempt<void>() : Failure(written.error());
      }
      if (pem.error().kind() == Errc::not_permitted) {
        return Failure(pem.error(), "somebody else answers there, or the CA was made anew: ask for a new invitation");
      }
      failures.append(failures.empty() ? "" : "; ").append(pem.error().context);
    }
    return Failure(cli::kUnreachable, "no coordinator answers: " + failures,
                   "is p2p-node running there, and does a firewall let the port through?");
  }

  static Attempt<void> check_root(const fs::path& file, const crypto::Sha256& fingerprint) {
    const auto text = read_file(file, pki::kMaxCertificatePemBytes);
    if (!text) return Failure(text.error());
    const auto roots = pki::read_all_certificates(*text, file.string());
    if (!roots) return Failure(roots.error());
    const bool is_known =
        std::any_of(roots->begin(), roots->end(), [&](const auto& root) { return root.facts().sha256 == fingerprint; });
    if (is_known) return {};
    return Failure(cli::kFailed,
                   fmt::format("{} is the certificate of another CA than the invitation's", file.string()),
                   "--force replaces it");
  }

  static Result<std::string> fetch(const net::Endpoint& coordinator, const crypto::Sha256& fingerprint) {
    asio::io_context loop{1};
    return net::run_alone(loop, net::fetch_pinned_root(loop.get_executor(), coordinator, fingerprint, kFirstContact));
  }

  /// The roots that the fleet trusts now where the CA's key is being replaced, else this one.
  static std::string with_other_roots(const std::string& pem, const net::Endpoint& coordinator,
                                      const pki::Invitation& invitation) {
    auto pinned = pki::Roots::from_pem(pem, coordinator.to_text());
    if (!pinned) return pem;
    asio::io_context loop{1};
    auto fetching = net::fetch_root_list(loop.get_executor(), coordinator, std::move(*pinned), invitation.cluster_name,
                                         kFirstContact);
    const auto list = net::run_alone(loop, std::move(fetching));
    return list ? list->pem : pem;
  }

  static Failure refusal(const acme::ClientFailure& failure, const pki::Invitation& invitation) {
    if (failure.problem == "unauthorized") {
      return {failure.error, fmt::format("p2p-ca invite {} on the coordinator makes another", invitation.name)};
    }
    return {failure.error, "p2p-node join again goes on from here; p2p-node doctor looks for what is wrong"};
  }

  Attempt<void> go_on(config::LoadedConfig loaded, const config::Paths& paths, cli::Session& session) const {
    if (!run_) {
      session.report.note("start it with p2p-node, or as a service: systemctl enable --now p2p-node");
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
