// p2p-ca invite: one string with which a new machine, or another ACME client, gets its certificate.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "addresses/advertised_host.hpp"
#include "authority_access.hpp"
#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "config/home.hpp"
#include "net/client.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

constexpr std::size_t kHostBytes = 256;

/// Where this home's own node is reached, as its configuration says, else this host's name and the default port.
std::string own_address(const std::filesystem::path& home) {
  std::array<char, kHostBytes> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  config::NodeConfig values;
  if (const auto sources = config::gather_sources(config::Paths(home), "", {})) values = load(*sources).config.values;
  const auto advertised = addresses::advertised_host(values.advertise_address, values.port);
  return advertised.value_or(net::Endpoint{host.data(), values.port}).to_text();
}

/// What an ACME client is told, whichever it is.
struct Account {
  std::string coordinator;  ///< host:port
  std::string kid;
  std::string key;  ///< base64url
  std::string ca_fingerprint;
  std::vector<std::string> names;

  std::string url() const { return fmt::format("https://{}/acme/directory", coordinator); }
};

/// The CA's certificate where the client runs.
constexpr char kCaFile[] = "p2p-ca.pem";

/// As openssl prints it: `AA:BB:…`.
std::string with_colons(ByteView digest) {
  std::string out;
  for (const auto byte : digest) out += fmt::format("{}{:02X}", out.empty() ? "" : ":", byte);
  return out;
}

/// A command that gets the CA's certificate from the coordinator and fails unless it is the one of the fingerprint. Of
/// several roots only the first is kept, as the others were not compared.
std::string fetch_ca(const Account& account) {
  return fmt::format(
      "curl -fsSk https://{0}/pki/ca.pem | openssl x509 -out {1} && {{ openssl x509 -in {1} -noout -fingerprint "
      "-sha256 | "
      "grep -qF '{2}' || {{ echo '{1} is not the CA of this fleet' >&2; false; }}; }}",
      account.coordinator, kCaFile, account.ca_fingerprint);
}

std::string lego_command(const Account& account) {
  std::string domains;
  for (const auto& name : account.names) domains += " --domains " + name;
  return fmt::format(
      "{} &&\nLEGO_CA_CERTIFICATES=./{} lego --server {} --eab --kid {} --hmac {} --accept-tos --email admin@localhost "
      "--http{} run\n",
      fetch_ca(account), kCaFile, account.url(), account.kid, account.key, domains);
}

std::string certbot_command(const Account& account) {
  std::string domains;
  for (const auto& name : account.names) domains += " -d " + name;
  return fmt::format(
      "{} &&\nREQUESTS_CA_BUNDLE=./{} certbot certonly --standalone --server {} --eab-kid {} --eab-hmac-key {} "
      "--agree-tos --register-unsafely-without-email{}\n",
      fetch_ca(account), kCaFile, account.url(), account.kid, account.key, domains);
}

std::string caddy_file(const Account& account) {
  return fmt::format(
      "# first, in this folder: {}\n{{\n  acme_ca {}\n  acme_ca_root ./{}\n  acme_eab {{\n    key_id {}\n    mac_key "
      "{}\n "
      " }}\n}}\n{} {{\n  respond \"it works\"\n}}\n",
      fetch_ca(account), account.url(), kCaFile, account.kid, account.key, join(account.names, ", "));
}

class Invite final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", name_, "node_id of the new machine, or the name of another program's server")
        .choice("--role", "ROLE", role_, {"worker", "coordinator", "operator"},
                "role in the fleet, by default the first of")
        .flag("--web", web_, "for another program: certificates for servers, with no role")
        .texts("--san", "NAME", extra_names_,
               "another DNS name or IP address that it may have; several with commas, or repeated")
        .duration("--ttl", "TIME", ttl_, "how long the invitation can be used (default 24h)")
        .number("--uses", "N", uses_, 1, pki::kMaxInvitationUses, "how many machines may use it (default 1)")
        .texts("--coordinator", "HOST:PORT", coordinators_,
               "where to join (else $P2P_COORDINATOR, this machine); may be repeated")
        .text("--out", "FILE", out_, "write the invitation there, readable by nobody else, and print nothing")
        .flag("-f,--force", force_, "replace a file that is there already")
        .choice("--print", "CLIENT", client_, {"lego", "certbot", "caddy"},
                "print what that ACME client needs instead; one of");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    const auto role = choose_role(role_, web_);
    if (!role) return role.error();
    if (*role == pki::Role::operator_) {
      return Failure(cli::kUsage, "an invitation is for a machine, not for an operator",
                     fmt::format("operators get a bundle: p2p-ca sign {} --role operator --bundle FILE", name_));
    }
    if (!client_.empty() && !web_) {
      return Failure(cli::kUsage, "--print is for other programs, which have no place in the fleet", "add --web");
    }
    if (auto checked = check_out(); !checked) return checked;
    if (auto checked = check_name(name_, *role); !checked) return checked.error();
    auto coordinators = find_coordinators(session);
    if (!coordinators) return coordinators.error();
    auto names = parse_names(extra_names_);
    if (!names) return names.error();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    auto invitation = authority->invite({.name = name_,
                                         .role = *role,
                                         .names = *names,
                                         .ttl = std::chrono::ceil<std::chrono::seconds>(ttl_),
                                         .uses = uses_},
                                        act_);
    if (!invitation) return invitation.error();
    invitation->coordinators = std::move(*coordinators);
    if (!out_.empty()) {
      auto written = cli::write_named_file(out_, pki::write_invitation(*invitation) + "\n", kSecretMode, force_);
      if (!written) {
        if (auto taken = take_back(*invitation, *authority, session.report); !taken) {
          session.report.failure(taken.error());
        }
        return written;
      }
    } else {
      print(*invitation, *names, session);
      // That standard output takes nothing is said at the end of every command.
      if (!session.out.stream().flush()) return take_back(*invitation, *authority, session.report);
    }
    return tell_what_next(*invitation, *authority, session.report);
  }

 private:
  /// Before the invitation is made: of one that nobody has, nobody knows that it is to be revoked.
  Attempt<void> check_out() const {
    if (out_.empty()) return {};
    if (!client_.empty()) return Failure(cli::kUsage, "--out writes the invitation, --print prints something else");
    if (!force_ && file_exists(out_)) {
      return Failure(Error(Errc::exists, out_ + ": already exists"), "--force replaces it");
    }
    return cli::check_named_file(out_);
  }

  Attempt<std::vector<std::string>> find_coordinators(cli::Session& session) const {
    const auto checked = [](std::vector<std::string> all, const char* origin) -> Attempt<std::vector<std::string>> {
      for (auto& one : all) {
        const auto endpoint = net::parse_endpoint(one, config::NodeConfig().port);
        if (!endpoint) {
          return Failure(Error(Errc::invalid, fmt::format("{}: {}", origin, endpoint.error().context)),
                         "it is HOST:PORT, such as main.example.org:8001");
        }
        one = endpoint->to_text();  // whoever joins writes it down, and a configuration wants the port
      }
      return all;
    };
    if (!coordinators_.empty()) return checked(coordinators_, "--coordinator");
    if (const char* variable = std::getenv("P2P_COORDINATOR")) return checked({variable}, "$P2P_COORDINATOR");
    std::string address = own_address(session.home);
    session.report.note(fmt::format("it leads to {}; --coordinator HOST:PORT says another", address));
    return checked({std::move(address)}, "advertise_address");
  }

  /// It could not be written.
  Attempt<void> take_back(const pki::Invitation& invitation, pki::IssuingAuthority& authority,
                          cli::Reporter& report) const {
    if (auto taken = authority.revoke_invitation(invitation.kid, act_); !taken) {
      return Failure(taken.error(),
                     "nobody has the invitation, and it is open; when the disk is well again: p2p-ca "
                     "revoke " +
                         invitation.kid);
    }
    report.warning("the invitation could not be written and is taken back");
    return {};
  }

  void print(const pki::Invitation& invitation, const std::vector<pki::SubjectName>& names,
             cli::Session& session) const {
    const std::string text = pki::write_invitation(invitation);
    Account account{.coordinator = invitation.coordinators.front(),
                    .kid = invitation.kid,
                    .key = to_base64url(invitation.hmac_key),
                    .ca_fingerprint = with_colons(invitation.ca_fingerprint),
                    .names = {}};
    for (const auto& name : names) account.names.push_back(name.text);
    if (account.names.empty()) account.names.push_back(name_);
    auto& out = session.out;
    if (out.format() == cli::Format::json || out.format() == cli::Format::yaml) {
      out.value(to_text({{"name", invitation.name},
                         {"url", account.url()},
                         {"ca_fingerprint", to_hex(invitation.ca_fingerprint)},
                         {"kid", account.kid},
                         {"hmac_key", account.key},
                         {"expires_at", format_rfc3339(invitation.expires_at, 0)},
                         {"invitation", text}}));
    } else if (client_ == "lego") {
      out.stream() << lego_command(account);
    } else if (client_ == "certbot") {
      out.stream() << certbot_command(account);
    } else if (client_ == "caddy") {
      out.stream() << caddy_file(account);
    } else {
      out.stream() << text << '\n';
    }
  }

  /// The new machine's certificate takes the place of one that another may be using.
  Result<void> warn_of_successor(pki::IssuingAuthority& authority, cli::Reporter& report) const {
    const auto valid = authority.certificates({.name = name_, .expires_after = act_.at, .revoked = false});
    if (!valid) return valid.error();
    if (valid->empty()) return {};
    report.warning(text_of_valid(*valid) + "; the new machine would replace it");
    return {};
  }

  Attempt<void> tell_what_next(const pki::Invitation& invitation, pki::IssuingAuthority& authority,
                               cli::Reporter& report) const {
    report.note(fmt::format("valid until {}; it is a secret until it is used: pass it on as you would a password",
                            format_rfc3339(invitation.expires_at, 0)));
    if (!client_.empty()) return {};
    if (web_) {
      report.note(
          "next: give url, kid and hmac_key of -o json to an ACME client, or use --print certbot, lego or caddy");
      return {};
    }
    report.note(out_.empty() ? "next, on the new machine: p2p-node join (it asks for this string; or --invitation-file "
                               "FILE, - for stdin)"
                             : fmt::format("next, with {} on the new machine: p2p-node join --invitation-file {}", out_,
                                           std::filesystem::path(out_).filename().string()));
    if (auto looked = warn_of_successor(authority, report); !looked) return looked.error();
    return {};
  }

  pki::Act act_;  ///< of this run
  std::string name_, client_, out_;
  std::string role_;  ///< empty: not given
  std::vector<std::string> extra_names_, coordinators_;
  std::chrono::milliseconds ttl_ = std::chrono::hours{24};
  std::uint64_t uses_ = 1;
  bool web_ = false, force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_invite() { return std::make_unique<Invite>(); }

}  // namespace p2p::ca
