#include "authority_access.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "commands.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

constexpr std::size_t kMaxShownName = 64;

}  // namespace

pki::Act act_now() { return {pki::whoami(), SystemClock().wall()}; }

Attempt<pki::IssuingAuthority> open_authority(const fs::path& home, const pki::Act& act) {
  const auto paths = pki::AuthorityPaths::in(home);
  if (!file_exists(paths.certificate)) {
    return Failure(cli::kNotFound, "no CA in " + home.string(),
                   "is this the right home (--home, $P2P_HOME)? for a new fleet: p2p-ca init");
  }
  auto authority = pki::IssuingAuthority::open(paths, act);
  if (authority) return std::move(*authority);
  const bool no_key = authority.error().kind() == Errc::not_found;
  return Failure(authority.error(), no_key ? "sign where p2p-ca init was run: the CA's key is needed" : "");
}

bool has_authority(const fs::path& home) {
  const auto paths = pki::AuthorityPaths::in(home);
  return file_exists(paths.certificate) && file_exists(paths.key);
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

Result<void> check_writable(const fs::path& folder) {
  fs::path nearest = folder.empty() ? fs::path(".") : folder;
  std::error_code ignored;
  while (!fs::exists(nearest, ignored) && nearest.has_parent_path() && nearest.parent_path() != nearest) {
    nearest = nearest.parent_path();
  }
  if (!fs::is_directory(nearest, ignored)) return Error(Errc::invalid, nearest.string() + ": not a folder");
  if (::faccessat(AT_FDCWD, nearest.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return system_error(errno, nearest.string());
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

Attempt<pki::SignedCrl> publish_crl(pki::IssuingAuthority& authority, const pki::Act& act, cli::Reporter& report) {
  auto crl = authority.current_crl(act);
  if (!crl) return Failure(crl.error(), "p2p-ca crl signs the list of revoked certificates");
  report.note(fmt::format("{} is list number {}; a running coordinator passes it on", authority.paths().crl.string(),
                          crl->number));
  return std::move(*crl);
}

}  // namespace p2p::ca
