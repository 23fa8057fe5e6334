// p2p-ca revoke: takes back what was signed, and signs the list that tells of it.
#include <fmt/format.h>

#include <algorithm>

#include "authority_access.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

/// Fewer digits of a serial number are too easily another's.
constexpr std::size_t kMinSerialDigits = 8;

std::vector<std::string> reason_names() {
  std::vector<std::string> out;
  for (const auto reason : pki::revocation_reasons()) out.emplace_back(to_string(reason));
  return out;
}

bool is_serial(std::string_view text) {
  return text.size() >= kMinSerialDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

class Revoke final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", target_, "a name, for all that it has; or a serial number or its beginning, for one")
        .choice("--reason", "REASON", reason_, reason_names(), "why; by default the first of");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
    const auto revoked = revoke(*authority);
    if (!revoked) return revoked.error();
    Document entries = Document::array();
    for (const auto& record : *revoked) {
      auto entry = describe(record, {}, act_.at);
      if (!entry) return entry.error();
      entries.push_back(std::move(*entry));
    }
    list_recorded(session.out, entries);
    session.report.note(fmt::format("revoked {} of {}", counted(std::ssize(*revoked), "certificate"), target_));
    const auto crl = publish_crl(*authority, act_, session.report);
    if (!crl) return crl.error();
    return {};
  }

 private:
  Attempt<std::vector<pki::RecordedCertificate>> revoke(pki::IssuingAuthority& authority) const {
    const auto reason = pki::parse_revocation_reason(reason_).value_or(pki::RevocationReason::unspecified);
    auto by_name = authority.revoke_name(target_, reason, act_);
    if (by_name) return std::move(*by_name);
    if (by_name.error().kind() != Errc::not_found || !is_serial(target_)) {
      return Failure(by_name.error(), "p2p-ca list shows what is valid");
    }
    auto found = authority.certificates({.serial_prefix = lower_ascii(target_)});
    if (!found) return found.error();
    if (found->empty()) return Failure(by_name.error(), "p2p-ca list --all shows what was ever signed");
    if (found->size() > 1) {
      return Error(Errc::invalid, fmt::format("{} serial numbers begin with {}", found->size(), target_));
    }
    const auto certificate = pki::Certificate::from_der(found->front().der);
    if (!certificate) return certificate.error();
    if (auto done = authority.revoke(*certificate, reason, act_); !done) return done.error();
    found->front().revoked = {act_.at, reason};
    return std::move(*found);
  }

  pki::Act act_;  ///< of this run
  std::string target_;
  std::string reason_ = reason_names().front();
};

}  // namespace

std::unique_ptr<cli::Command> make_revoke() { return std::make_unique<Revoke>(); }

}  // namespace p2p::ca
