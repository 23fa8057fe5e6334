// p2p-ca audit: whether the inventory is whole, and whether everything that this CA's key has signed is in it.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "base/text.hpp"
#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

class Audit final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("FILE", files_, 0, "certificates in PEM to look for in the inventory, beside those in certs/")
        .text("--head", "HASH", head_, "a head that an earlier audit printed; it must still be in the chain");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto head = from_hex(head_);
    if (!head || (!head->empty() && head->size() != std::tuple_size_v<crypto::Sha256>)) {
      return Error(Errc::invalid, "--head takes the 64 hexadecimal digits that audit prints");
    }
    auto authority = open_authority(session.home, act_now());
    if (!authority) return authority.error();
    auto report = authority->audit(*head);
    if (!report) return report.error();
    if (!report->has_noted_head) report->findings.push_back(fmt::format("the head {} is not in the chain", head_));
    if (auto looked = look_for_certificates(*authority, session, report->findings); !looked) return looked;

    Document findings = Document::array();
    for (const auto& finding : report->findings) {
      session.report.error(finding);
      findings.push_back(finding);
    }
    print({{"events", report->event_count},
           {"certificates", report->certificate_count},
           {"head", to_hex(report->head)},
           {"findings", findings}},
          session.out);
    if (!report->findings.empty()) return Failure(cli::kDamaged, "");  // all was said
    return {};
  }

 private:
  static void print(const Document& outcome, cli::Output& out) {
    const auto head = outcome["head"].get<std::string>();
    switch (out.format()) {
      case cli::Format::table:
        out.stream() << fmt::format("{}: {}, {}, head {}\n", outcome["findings"].empty() ? "intact" : "not intact",
                                    counted(outcome["events"].get<std::int64_t>(), "event"),
                                    counted(outcome["certificates"].get<std::int64_t>(), "certificate"), head);
        break;
      case cli::Format::name: out.stream() << head << '\n'; break;
      case cli::Format::json:
      case cli::Format::yaml: out.value(to_text(outcome)); break;
    }
  }

  /// Files that were asked for must be readable; of those in the folder, what is no certificate is not this CA's.
  Attempt<void> look_for_certificates(pki::IssuingAuthority& authority, const cli::Session& session,
                                      std::vector<std::string>& findings) const {
    const auto certs = certificates_of(session.home);
    const auto names = certs.names();
    if (!names) return names.error();
    for (const auto& name : *names) {
      const auto file = certs.files_of(name).certificate;
      if (const auto certificate = pki::read_certificate_file(file)) {
        if (auto looked = look_for(*certificate, file.string(), authority, findings); !looked) return looked.error();
      }
    }
    for (const auto& file : files_) {
      const auto pem = read_named(file);
      if (!pem) return pem.error();
      const auto all = pki::read_all_certificates(*pem, file);
      if (!all) return all.error();
      for (const auto& certificate : *all) {
        if (auto looked = look_for(certificate, file, authority, findings); !looked) return looked.error();
      }
    }
    return {};
  }

  static Result<std::string> read_named(const std::string& file) {
    const cli::AsCaller caller;
    return read_file(file, pki::kMaxCertificatePemBytes);
  }

  static Result<void> look_for(const pki::Certificate& certificate, const std::string& file,
                               pki::IssuingAuthority& authority, std::vector<std::string>& findings) {
    const auto roots = authority.roots();
    if (!roots) return roots.error();
    for (const auto& root : roots->certificates()) {
      if (root.facts().sha256 == certificate.facts().sha256) return {};
    }
    if (roots->issuer_of(certificate) == nullptr) return {};
    const auto is_there = authority.has(certificate);
    if (!is_there) return is_there.error();
    if (*is_there) return {};
    findings.push_back(fmt::format("{}: signed by this CA, but not in its inventory: serial {}", file,
                                   to_hex(certificate.facts().serial)));
    return {};
  }

  std::vector<std::string> files_;
  std::string head_;
};

}  // namespace

std::unique_ptr<cli::Command> make_audit() { return std::make_unique<Audit>(); }

}  // namespace p2p::ca
