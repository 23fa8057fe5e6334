// p2p-ca list: what this CA has signed; where there is no CA, the certificates that are here.
#include <fmt/format.h>

#include <map>

#include "authority_access.hpp"
#include "base/system_clock.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;

class List final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.duration("--expiring", "TIME", expiring_, "only those that end within this time, such as 30d")
        .flag("--revoked", revoked_, "only those that were revoked")
        .flag("-a,--all", all_, "also those that have expired")
        .flag("--invitations", invitations_, "the invitations that can still be used, instead");
  }

  Attempt<void> run(cli::Session& session) override {
    const bool is_filtered = revoked_ || all_ || expiring_.count() != 0;
    if (invitations_ && is_filtered) {
      return cli::Failure(cli::kUsage, "--invitations lists no certificates, so no other option chooses among them",
                          "p2p-ca list --help");
    }
    if (!invitations_ && !has_authority(session.home)) return list_files(session);
    const pki::Act act = act_now();
    auto authority = open_authority(session.home, act);
    if (!authority) return authority.error();
    const auto invitations = authority->redeemable_invitations(act.at);
    if (!invitations) return invitations.error();
    if (invitations_) {
      Document entries = Document::array();
      for (const auto& invitation : *invitations) entries.push_back(describe(invitation, act.at));
      list_invitations(session.out, entries);
      return {};
    }
    if (auto listed = list_signed(*authority, act, session); !listed) return listed;
    if (!is_filtered && !invitations->empty() && session.out.format() == cli::Format::table) {
      session.report.note(
          fmt::format("{} open: p2p-ca list --invitations", counted(std::ssize(*invitations), "invitation")));
    }
    return {};
  }

 private:
  Attempt<void> list_signed(pki::IssuingAuthority& authority, const pki::Act& act, cli::Session& session) const {
    pki::CertificateFilter filter;
    if (!all_ && !revoked_) filter.expires_after = act.at;
    if (expiring_.count() != 0) filter.expires_by = act.at + expiring_;
    // What was revoked need not be renewed.
    if (revoked_ || expiring_.count() != 0) filter.revoked = revoked_;
    const auto records = authority.certificates(filter);
    if (!records) return records.error();
    Document entries = Document::array();
    if (!revoked_) add_roots(authority, filter, act.at, entries);
    const auto files = files_by_serial(session.home);
    for (const auto& record : *records) {
      const auto file = files.find(record.serial);
      auto entry = describe(record, file == files.end() ? std::filesystem::path() : file->second, act.at);
      if (!entry) return entry.error();
      entries.push_back(std::move(*entry));
    }
    list_recorded(session.out, entries);
    return {};
  }

  static void add_roots(pki::IssuingAuthority& authority, const pki::CertificateFilter& filter, WallTime now,
                        Document& entries) {
    const auto roots = authority.roots();
    if (!roots) return;
    for (const auto& root : roots->certificates()) {
      if (filter.expires_by && root.facts().not_after > *filter.expires_by) continue;
      entries.push_back(describe(root, authority.paths().certificate, now));
      entries.back()["name"] = kAuthorityName;
    }
  }

  static std::map<Bytes, std::filesystem::path> files_by_serial(const std::filesystem::path& home) {
    const auto certs = certificates_of(home);
    std::map<Bytes, std::filesystem::path> out;
    const auto names = certs.names();
    if (!names) return out;
    for (const auto& name : *names) {
      const auto file = certs.files_of(name).certificate;
      if (const auto certificate = pki::read_certificate_file(file)) out.emplace(certificate->facts().serial, file);
    }
    return out;
  }

  Attempt<void> list_files(cli::Session& session) const {
    const auto certs = certificates_of(session.home);
    const auto names = certs.names();
    if (!names) return cli::Failure(names.error(), "p2p-ca init makes a CA and this folder");
    const WallTime now = SystemClock().wall();
    Document entries = Document::array();
    bool complete = true;
    for (const auto& name : *names) {
      const auto file = certs.files_of(name).certificate;
      const auto certificate = pki::read_certificate_file(file);
      if (!certificate) {
        session.report.error(certificate.error().context);
        complete = false;
        continue;
      }
      const WallTime end = certificate->facts().not_after;
      if (revoked_ || (expiring_.count() != 0 && end > now + expiring_)) continue;
      entries.push_back(describe(*certificate, file, now));
      // Listed under the name that show and verify take, whatever the certificate calls itself.
      entries.back()["name"] = name;
    }
    list_certificates(session.out, entries);
    if (!complete) return cli::Failure(cli::kPartial, "");  // all was said
    return {};
  }

  std::chrono::milliseconds expiring_{0};
  bool revoked_ = false;
  bool all_ = false;
  bool invitations_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_list() { return std::make_unique<List>(); }

}  // namespace p2p::ca
