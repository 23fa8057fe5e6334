#include "authority_access.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "config/home.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

constexpr std::size_t kMaxShownName = 64;

}  // namespace

pki::Act act_now() { return {pki::whoami(), SystemClock().wall()}; }

Attempt<pki::IssuingAuthority> open_authority(const fs::path& home, const pki::Act& act) {
  if (auto done = cli::act_as_owner_of(home); !done) return done.error();
  const auto paths = pki::AuthorityPaths::in(home);
  if (!file_exists(paths.certificate)) {
    return Failure(cli::kNotFound, "no CA in " + home.string(),
                   "is this the right home (--home, $P2P_HOME)? for a new fleet: p2p-ca init");
  }
  auto authority = pki::IssuingAuthority::open(paths, act);
  if (authority) return std::move(*authority);
  const auto kind = authority.error().kind();
  if (kind == Errc::not_found) {
    return Failure(authority.error(), "sign where p2p-ca init was run: the CA's key is needed");
  }
  // What an earlier version left there as root.
  const bool is_roots = kind == Errc::not_permitted && ::getuid() != ::geteuid();
  return Failure(
      authority.error(),
      is_roots ? fmt::format("give the home to its owner: chown -R --reference={0} {0}", home.string()) : "");
}

bool has_authority(const fs::path& home) {
  const auto paths = pki::AuthorityPaths::in(home);
  return file_exists(paths.certificate) && file_exists(paths.key);
}

Result<FileLock> lock_of_node(const fs::path& home) {
  const config::Paths paths(home);
  const auto sources = config::gather_sources(paths, "", {});
  if (!sources) return sources.error();
  return FileLock::try_acquire(paths.state_directory(load(*sources).config.values) / "lock");
}

Result<std::vector<pki::SubjectName>> parse_names(const std::vector<std::string>& lists) {
  std::vector<pki::SubjectName> out;
  for (const auto& list : lists) {
    for (const auto& text : split(list, ',')) {
      auto name = pki::parse_subject_name(text);
      if (!name) return Error(name.error().code, "--san " + name.error().context);
      out.push_back(std::move(*name));
    }
  }
  return out;
}

Result<void> check_name(const std::string& name, std::optional<pki::Role> role) {
  const auto wrong = [&](std::string_view why) {
    return Error(Errc::invalid, fmt::format("\"{}\" is {}", name.substr(0, kMaxShownName), why));
  };
  if (!is_valid_name(name)) {
    return wrong(
        "not a valid name: up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit");
  }
  const bool is_reserved = name == kAuthorityName || name == "ca_next" || name == "ca_old" || name == "node" ||
                           (name == kOperatorName && role != pki::Role::operator_);
  if (is_reserved) return wrong("a reserved name");
  return {};
}

Attempt<std::optional<pki::Role>> choose_role(const std::string& role, bool web) {
  if (!web) return pki::parse_role(role.empty() ? "worker" : role);
  if (role.empty()) return std::optional<pki::Role>();
  return Failure(cli::kUsage, "--web is for other programs, which have no role: it does not go with --role",
                 "leave out one of the two");
}

std::string text_of_valid(const std::vector<pki::RecordedCertificate>& certificates) {
  const auto& last = certificates.back();
  const std::string what = certificates.size() == 1
                               ? "a valid certificate"
                               : fmt::format("{} valid certificates, the last", certificates.size());
  return fmt::format("{} has {} until {}, serial {}", last.name, what, format_rfc3339(last.not_after, 0),
                     to_hex(last.serial));
}

Issuer issuer_of(const pki::Certificate& certificate, const pki::Roots& roots) {
  const auto* issuer = roots.issuer_of(certificate);
  if (issuer == nullptr) return Issuer::untrusted;
  return issuer == &roots.certificates().front() ? Issuer::signing : Issuer::outgoing;
}

cli::Failure take_back(std::span<const pki::Certificate> unwritten, const Error& why, pki::IssuingAuthority& authority,
                       const pki::Act& act, cli::Reporter& report) {
  for (const auto& certificate : unwritten) {
    const auto& facts = certificate.facts();
    const auto done = authority.revoke(certificate, pki::RevocationReason::cessation_of_operation, act);
    if (done) continue;
    report.error(
        fmt::format("the new certificate of {} could not be revoked: {}", facts.common_name, done.error().context));
    return Failure(why,
                   "it is valid and nobody has it; when the disk is well again: p2p-ca revoke " + to_hex(facts.serial));
  }
  const std::string what = unwritten.size() == 1 ? "its certificate is" : "their certificates are";
  report.warning(fmt::format("what could not be written is void: {} revoked again", what));
  if (const auto crl = publish_crl(authority, act, report); !crl) report.failure(crl.error());
  return Failure(why, "mend that, then run the command again for what is missing");
}

Attempt<pki::Roots> read_roots(const fs::path& home) {
  const auto file = pki::AuthorityPaths::in(home).certificate;
  const auto pem = read_file(file, pki::kMaxCertificatePemBytes);
  if (!pem) return Failure(pem.error(), "p2p-ca init makes a CA; elsewhere, copy its ca_cert.pem here");
  auto roots = pki::Roots::from_pem(*pem, file.string());
  if (!roots) return roots.error();
  return std::move(*roots);
}

pki::RevocationLists read_lists(const fs::path& home) {
  pki::RevocationLists out;
  const auto file = pki::AuthorityPaths::in(home).crl;
  const auto pem = read_file(file, pki::kMaxCrlBytes);
  const auto roots = read_roots(home);
  if (!pem || !roots) return out;
  const auto lists = pki::read_crls(*pem, *roots, file.string());
  if (!lists) return out;
  for (const auto& list : *lists) out = out.with(list);
  return out;
}

Attempt<pki::SignedCrl> publish_crl(pki::IssuingAuthority& authority, const pki::Act& act, cli::Reporter& report) {
  auto crl = authority.current_crl(act);
  if (!crl) return Failure(crl.error(), "p2p-ca crl signs the list of revoked certificates");
  report.note(fmt::format("{} is list number {}; a running coordinator passes it on", authority.paths().crl.string(),
                          crl->number));
  return std::move(*crl);
}

}  // namespace p2p::ca
