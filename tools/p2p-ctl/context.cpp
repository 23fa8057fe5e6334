#include <iterator>

#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "cli/connection.hpp"
#include "cli/contexts.hpp"
#include "cli/input.hpp"
#include "commands.hpp"
#include "pki/bundle.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;

/// The bundle's text; it holds a key, so it is wiped by its owner.
Result<crypto::Secret> read_bundle(const std::string& path, std::istream& in) {
  if (path != "-") {
    auto text = read_secret_file(path, pki::kMaxBundleBytes);
    if (!text) return text.error();
    return crypto::Secret(std::move(*text));
  }
  auto text = cli::read_whole(in, pki::kMaxBundleBytes);
  if (!text) return text.error();
  return crypto::Secret(std::move(*text));
}

class ContextAdd final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", name_, "what to call the fleet here");
    options.text("--bundle", "FILE", bundle_,
                 "what \"p2p-ca sign NAME --role operator --bundle FILE\" wrote; - is stdin");
    options.flag("-f,--force", force_, "replace a context of that name");
  }

  Attempt<void> run(cli::Session& session) override {
    if (bundle_.empty()) return Failure(cli::kUsage, "--bundle is missing", "p2p-ctl context add --help");
    const auto text = read_bundle(bundle_, session.in);
    if (!text) return cannot_read(text.error());
    const auto bundle = parse(text->view());
    if (!bundle) return bundle.error();
    const pki::Identity& identity = bundle->identity;
    if (identity.role != pki::Role::operator_) {
      return Failure(cli::kUsage,
                     bundle_ + ": of a " + std::string(pki::to_string(identity.role)) + ", not of an operator",
                     "p2p-ca sign NAME --role operator --bundle FILE");
    }
    const std::string& coordinator = session.connection.coordinator;
    cli::ContextStore store(session.home);
    const auto added = store.add({name_, coordinator, identity.cluster_name, identity.name}, *bundle, force_);
    if (!added) {
      return Failure(added.error(), added.error().kind() == Errc::exists ? "--force replaces it" : "");
    }
    session.report.note("context " + name_ + " added and current: operator " + identity.name + " of " +
                        identity.cluster_name);
    if (coordinator.empty()) {
      session.report.hint(
          "no coordinator is set, so 127.0.0.1:8001 is; add again with --coordinator HOST:PORT --force");
    }
    return {};
  }

 private:
  Attempt<pki::Bundle> parse(std::string_view text) const {
    auto bundle = pki::parse_bundle(text, SystemClock().wall(), bundle_ == "-" ? "stdin" : bundle_);
    if (!bundle) {
      return Failure(bundle.error(),
                     "a bundle is the file of \"p2p-ca sign NAME --role operator --bundle FILE\", whole");
    }
    return std::move(*bundle);
  }

  /// Whoever gave the wrong file should hear that, and not how to protect it.
  Failure cannot_read(const Error& why) const {
    if (why.kind() != Errc::not_permitted) return why;
    auto text = read_file(bundle_, pki::kMaxBundleBytes);
    if (!text) return why;
    const crypto::Secret readable(std::move(*text));
    const auto bundle = parse(readable.view());
    return bundle ? Failure(why) : bundle.error();
  }

  std::string name_, bundle_;
  bool force_ = false;
};

class ContextUse final : public cli::Command {
 public:
  void declare(cli::Options& options) override { options.argument("NAME", name_, "which context"); }

  Attempt<void> run(cli::Session& session) override {
    cli::ContextStore store(session.home);
    if (auto usable = check_local(store); !usable) return usable;
    const auto used = store.use(name_);
    if (!used) return Failure(used.error(), "p2p-ctl context ls");
    session.report.note("context " + name_ + " is current");
    return {};
  }

 private:
  /// The context `local` is there always, the operator certificate that it stands for is not; a token goes without.
  Attempt<void> check_local(const cli::ContextStore& store) const {
    if (name_ != cli::kLocalContext || !cli::connection_environment().token.empty()) return {};
    const auto file = store.files_of(name_).certificate;
    if (file_exists(file)) return {};
    return Failure(cli::kNotFound,
                   "the context local is this home's own operator certificate, and there is none: " + file.string(),
                   "p2p-ctl context ls shows the others; p2p-ca init makes a fleet of its own here");
  }

  std::string name_;
};

class ContextRm final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", name_, "which context").flag("--yes", yes_, "do not ask");
  }

  Attempt<void> run(cli::Session& session) override {
    cli::ContextStore store(session.home);
    if (name_ != cli::kLocalContext) {
      const auto context = store.find(name_);
      if (!context) return Failure(context.error(), "p2p-ctl context ls");
      if (!yes_) {
        auto asked = session.confirm("Remove the context " + name_ + " and its key? Only its bundle brings it back.");
        if (!asked) return asked;
      }
    }
    const auto list = store.list();
    if (auto removed = store.remove(name_); !removed) return removed.error();
    const bool was_current = list && list->current == name_;
    session.report.note("context " + name_ + " removed" + (was_current ? "; local is current" : ""));
    return {};
  }

 private:
  std::string name_;
  bool yes_ = false;
};

class ContextLs final : public cli::Command {
 public:
  Attempt<void> run(cli::Session& session) override {
    const auto list = cli::ContextStore(session.home).list();
    if (!list) return list.error();
    Json rows = Json::array();
    rows.push_back(row({cli::kLocalContext, {}}, list->current));
    for (const cli::Context& context : list->contexts) rows.push_back(row(context, list->current));
    const std::vector<cli::Column> columns{
        {"CURRENT", [](const Json& context) { return cli::Cell{context["current"] == true ? "*" : ""}; }},
        cli::member_column("NAME", "name"),
        cli::member_column("COORDINATOR", "coordinator"),
        cli::member_column("CLUSTER", "cluster"),
        cli::member_column("OPERATOR", "operator"),
    };
    session.out.list(dump_json(rows), columns, "name");
    return {};
  }

 private:
  static Json row(const cli::Context& context, const std::string& current) {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return {{"name", context.name},
            {"current", context.name == current},
            {"coordinator", context.coordinator.empty() ? Json("127.0.0.1:8001") : Json(context.coordinator)},
            {"cluster", or_null(context.cluster_name)},
            {"operator", or_null(context.operator_name)}};
  }
};

}  // namespace

std::unique_ptr<cli::Command> make_context_add() { return std::make_unique<ContextAdd>(); }
std::unique_ptr<cli::Command> make_context_ls() { return std::make_unique<ContextLs>(); }
std::unique_ptr<cli::Command> make_context_rm() { return std::make_unique<ContextRm>(); }
std::unique_ptr<cli::Command> make_context_use() { return std::make_unique<ContextUse>(); }

}  // namespace p2p::ctl
