// p2p-ca rotate: a new CA key in place of the old one, step by step.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

class Rotate final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.flag("--activate", activate_, "second step: the new key signs from now on")
        .flag("--retire", retire_, "last step: the old root is trusted no longer")
        .number("--days", "N", days_, 1, pki::kMaxLifetime.count(),
                fmt::format("how long the new root is valid (default {})", days_))
        .text("--key-type", "TYPE", key_type_, "type of the new key (default: that of the old one)")
        .flag("-f,--force", force_, "with --retire, even while certificates of the old root are valid; asks first")
        .flag("--yes", yes_, "answer the question of --force");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    if (activate_ && retire_) return Error(Errc::invalid, "--activate and --retire are two steps, with days between");
    if (force_ && !retire_) return Error(Errc::invalid, "--force goes with --retire");
    auto authority = open_authority(session.home, act_);
    if (!authority) return authority.error();
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
    if (!made) return Failure(made.error(), "p2p-ca rotate --activate or --retire goes on with it");
    session.report.note("made a new root; both are trusted where the new ca_cert.pem is, the old key still signs");
    session.report.note("next, when every node has both roots: p2p-ca rotate --activate");
    return {};
  }

  Attempt<void> activate(pki::IssuingAuthority& authority, cli::Session& session) const {
    const auto activated = authority.activate_successor(act_);
    if (!activated) return Failure(activated.error(), "p2p-ca rotate makes a new root");
    session.report.note("the new key signs from now on");
    session.report.note("next, when every certificate has been renewed: p2p-ca rotate --retire");
    return {};
  }

  Attempt<void> retire(pki::IssuingAuthority& authority, cli::Session& session) const {
    if (force_ && !yes_) {
      auto asked = session.confirm("Retire the old root? Certificates that it signed are refused from then on.");
      if (!asked) return asked;
    }
    const auto retired = authority.retire_predecessor(force_, act_);
    if (!retired) {
      const bool is_early = retired.error().kind() == Errc::not_permitted;
      return Failure(retired.error(), is_early ? "p2p-ca renew NAME, or wait for the nodes to do it" : "");
    }
    session.report.note("the old root is retired; its key was removed");
    return {};
  }

  void print_roots(pki::IssuingAuthority& authority, cli::Output& out) const {
    const auto roots = authority.roots();
    if (!roots) return;
    Document entries = Document::array();
    for (const auto& root : roots->certificates()) {
      entries.push_back(describe(root, authority.paths().certificate, act_.at));
      entries.back()["signs"] = entries.size() == 1;
    }
    list_certificates(out, entries);
  }

  pki::Act act_;  ///< of this run
  std::string key_type_;
  std::uint64_t days_ = pki::kAuthorityLifetime.count();
  bool activate_ = false;
  bool retire_ = false;
  bool force_ = false;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_rotate() { return std::make_unique<Rotate>(); }

}  // namespace p2p::ca
