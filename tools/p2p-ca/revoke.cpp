// p2p-ca revoke: takes back what was signed, and signs the list that tells of it.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

std::vector<std::string> reason_names() {
  std::vector<std::string> out;
  for (const auto reason : pki::revocation_reasons()) out.emplace_back(to_string(reason));
  return out;
}

class Revoke final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options
        .argument("NAME", target_,
                  "a name, for all that it has; a serial number or its beginning; or an invitation's id")
        .choice("--reason", "REASON", reason_, reason_names(), "why; by default the first of");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    const auto reason = pki::parse_revocation_reason(reason_).value_or(pki::RevocationReason::unspecified);
    const auto revoked = authority->revoke_target(target_, reason, act_);
    if (!revoked) return Failure(revoked.error(), "p2p-ca list shows what is valid, list --all what was ever signed");
    Document entries = Document::array();
    for (const auto& record : revoked->certificates) {
      auto entry = describe(record, {}, act_.at);
      if (!entry) return entry.error();
      entries.push_back(std::move(*entry));
    }
    list_recorded(session.out, entries);
    session.report.note(told(*revoked));
    if (revoked->certificates.empty()) return {};
    // Also when nothing is new: a revocation that was cut off is on no list yet.
    const auto crl = publish_crl(*authority, act_, session.report);
    if (!crl) return crl.error();
    return {};
  }

 private:
  std::string told(const pki::Revocation& revoked) const {
    if (revoked.certificates.empty()) return told_of_invitations(revoked);
    const std::string count = counted(std::ssize(revoked.certificates), "certificate");
    if (!revoked.is_repeated && !revoked.invitations.empty()) {
      return fmt::format("revoked {} of {}, and took back {}", count, target_,
                         counted(std::ssize(revoked.invitations), "invitation"));
    }
    if (!revoked.is_repeated) return fmt::format("revoked {} of {}", count, target_);
    return fmt::format("{} of {} {} revoked already", count, target_,
                       revoked.certificates.size() == 1 ? "was" : "were");
  }

  std::string told_of_invitations(const pki::Revocation& revoked) const {
    const auto& taken = revoked.invitations;
    if (taken.empty()) return fmt::format("ended the ACME accounts of {}; it had no valid certificate", target_);
    if (taken.front().name == target_) {
      return fmt::format("took back {} of {}; it had no valid certificate", counted(std::ssize(taken), "invitation"),
                         target_);
    }
    if (revoked.is_repeated) return fmt::format("that invitation of {} was taken back already", taken.front().name);
    return fmt::format("took back that invitation of {}, and nothing else", taken.front().name);
  }

  pki::Act act_;  ///< of this run
  std::string target_;
  std::string reason_ = reason_names().front();
};

}  // namespace

std::unique_ptr<cli::Command> make_revoke() { return std::make_unique<Revoke>(); }

}  // namespace p2p::ca
