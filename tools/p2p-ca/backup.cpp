// p2p-ca backup and restore: the whole CA in one file, and back, here or on another machine.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "cli/home_owner.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "pki/authority_backup.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;
using cli::Attempt;
using cli::Failure;

constexpr char kStopNode[] = "stop p2p-node of this home first";

class Backup final : public cli::Command {
 public:
  void declare(cli::Options& options) override { options.argument("FILE", file_, "the file to write"); }

  Attempt<void> run(cli::Session& session) override {
    const pki::Act act = act_now();
    auto authority = open_authority(session.home, act);
    if (!authority) return authority.error();
    if (auto crl = authority->current_crl(act); !crl) return crl.error();
    const auto lock = certificates_of(session.home).lock();
    if (!lock) return lock.error();
    if (auto checked = cli::check_named_file(file_); !checked) return checked;
    const cli::AsCaller caller;
    if (auto done = pki::back_up(session.home, file_); !done) {
      return Failure(done.error(), done.error().kind() == Errc::exists ? "a backup is never overwritten" : "");
    }
    Document made = Document::array();
    made.push_back({{"name", file_}, {"file", file_}});
    print_made(session.out, made);
    session.report.note("it holds the CA's key, unencrypted: whoever has it can be anyone in the fleet");
    return {};
  }

 private:
  std::string file_;
};

/// A node of this home would go on issuing into files that are no longer there.
Attempt<FileLock> keep_node_stopped(const fs::path& home) {
  auto lock = lock_of_node(home);
  if (lock) return std::move(*lock);
  if (lock.error().kind() != Errc::exists) return lock.error();
  return Failure(Error(Errc::exists, "a node of this home runs: " + lock.error().context), kStopNode);
}

class Restore final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("FILE", file_, "what p2p-ca backup wrote")
        .text("--crl", "FILE", crl_, "a newer revocation list of the fleet; what it revokes stays revoked")
        .flag("-f,--force", force_, "replace a CA that is there already; asks first")
        .flag("--yes", yes_, "answer the question of --force");
  }

  Attempt<void> run(cli::Session& session) override {
    act_ = act_now();
    if (auto done = cli::act_as_owner_of(session.home); !done) return done;
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    const auto node_lock = keep_node_stopped(session.home);
    if (!node_lock) return node_lock.error();
    const auto paths = pki::AuthorityPaths::in(session.home);
    if (auto allowed = allow_replacing(paths, session); !allowed) return allowed;
    auto backup = read_backup();
    if (!backup) return backup.error();
    const auto given = read_given(backup->roots());
    if (!given) return given.error();
    const auto before = read_file(paths.crl, pki::kMaxCrlBytes);  // is overwritten
    if (auto done = pki::begin_restore(std::move(*backup), session.home); !done) {
      return Failure(done.error(), done.error().kind() == Errc::exists ? kStopNode : "");
    }
    return bring_up(before, *given, session);
  }

 private:
  Attempt<void> allow_replacing(const pki::AuthorityPaths& paths, const cli::Session& session) const {
    fs::path there;
    for (const auto& path : {paths.key, paths.certificate, paths.inventory}) {
      if (file_exists(path)) there = path;
    }
    if (there.empty()) return {};
    if (!force_) {
      return Failure(Error(Errc::exists, there.string() + ": already exists"),
                     "--force replaces the CA that is here by the one in the backup");
    }
    if (yes_) return {};
    return session.confirm(fmt::format("Replace the CA in {} by the one in {}?", session.home.string(), file_));
  }

  Attempt<pki::Backup> read_backup() const {
    const cli::AsCaller caller;
    auto backup = pki::Backup::read(file_);
    if (backup) return std::move(*backup);
    return Failure(backup.error(), backup.error().kind() == Errc::damaged ? "p2p-ca backup FILE makes one" : "");
  }

  /// The list of --crl, which must be of the backup's CA; empty where none is given.
  Result<std::string> read_given(const pki::Roots& roots) const {
    if (crl_.empty()) return std::string();
    const cli::AsCaller caller;
    auto pem = read_file(crl_, pki::kMaxCrlBytes);
    if (!pem) return pem;
    if (const auto lists = pki::read_crls(*pem, roots, crl_); !lists) return lists.error();
    return pem;
  }

  /// Opens what was restored, takes in what was revoked since, and signs a list with a number above all before.
  Attempt<void> bring_up(const Result<std::string>& before, const std::string& given, cli::Session& session) const {
    auto authority = pki::IssuingAuthority::open_restored(pki::AuthorityPaths::in(session.home), act_);
    if (!authority) return authority.error();
    const auto roots = authority->roots();
    if (!roots) return roots.error();
    if (before) {
      const auto adopted = authority->adopt_crl(*before, authority->paths().crl.string(), act_);
      if (!adopted) session.report.warning(adopted.error().context + "; it is left out");
    }
    if (!given.empty()) {
      if (auto adopted = authority->adopt_crl(given, crl_, act_); !adopted) return adopted.error();
    }
    if (auto ended = pki::end_restore(session.home); !ended) return ended.error();
    const auto report = authority->audit({});
    if (!report) return report.error();
    for (const auto& finding : report->findings) session.report.error(finding);
    Document made = Document::array();
    made.push_back(describe(roots->certificates().front(), authority->paths().certificate, act_.at));
    print_made(session.out, made);
    const auto crl = publish_crl(*authority, act_, session.report);
    if (!crl) return crl.error();
    if (!report->findings.empty()) return Failure(cli::kDamaged, "");  // all was said
    return {};
  }

  pki::Act act_;  ///< of this run
  std::string file_, crl_;
  bool force_ = false;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_backup() { return std::make_unique<Backup>(); }
std::unique_ptr<cli::Command> make_restore() { return std::make_unique<Restore>(); }

}  // namespace p2p::ca
