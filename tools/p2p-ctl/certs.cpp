// p2p-ctl certs: what the fleet's CA has signed, having it sign anew, and taking it back, from afar.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/certificate_table.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "pki/revocation.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;

cli::Failure explained(cli::Failure failure) {
  if (failure.rpc_code == static_cast<int>(rpc::Code::method_not_found)) {
    return {cli::kNotFound, "this coordinator does not have the CA's key", "p2p-ca list, on the machine where that is"};
  }
  if (failure.exit_code == cli::kNotFound) failure.hint = "p2p-ctl certs list";
  return failure;
}

class List final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.flag("-a,--all", all_, "also those that have expired or were revoked")
        .flag("--revoked", revoked_, "only those revoked");
  }

  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const Json params = {{"all", all_}, {"revoked", revoked_}};
    const auto listed = client->rpc("certs.list", dump_json(params), {}, cli::kRequestTimeout);
    if (!listed) return explained(listed.error());
    session.out.list(*listed, cli::recorded_columns(), "name");
    return {};
  }

 private:
  bool all_ = false;
  bool revoked_ = false;
};

class Renew final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("NODE", node_, "whose certificate; the coordinator's unless said")
        .duration("--timeout", "TIME", timeout_, "how long to wait, 1m by default");
  }

  Attempt<void> run(cli::Session& session) override {
    std::optional<rpc::Target> target;
    if (!node_.empty()) {
      if (auto good = check_name("node", node_); !good) return good;
      target = {rpc::Target::Kind::node, node_};
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto renewed = client->rpc("certificate.renew", {}, target, timeout_);
    if (!renewed) {
      cli::Failure failure = renewed.error();
      if (failure.exit_code == cli::kNotFound) failure.hint = "p2p-ctl nodes";
      return failure;
    }
    const std::vector<cli::Column> columns{cli::member_column("NAME", "name"), cli::member_column("SERIAL", "serial"),
                                           cli::date_column("EXPIRES", "not_after")};
    session.out.list('[' + *renewed + ']', columns, "name");
    return {};
  }

 private:
  std::string node_;
  std::chrono::milliseconds timeout_{60'000};
};

class Revoke final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    std::vector<std::string> reasons;
    for (const auto reason : pki::revocation_reasons()) reasons.emplace_back(to_string(reason));
    reason_ = reasons.front();
    options.argument("NAME", target_, "a name, for all that it has; or a serial number or its beginning, for one")
        .choice("--reason", "REASON", reason_, reasons, "why; by default the first of")
        .flag("--yes", yes_, "do not ask");
  }

  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (!yes_) {
      auto question = this->question(*client);
      if (!question) return question.error();
      auto asked = session.confirm(*question);
      if (!asked) return asked;
    }
    const Json params = {{"target", target_}, {"reason", reason_}};
    const auto revoked = client->rpc("certs.revoke", dump_json(params), {}, cli::kRequestTimeout);
    if (!revoked) return explained(revoked.error());
    session.out.list(*revoked, cli::recorded_columns(), "name");
    const auto entries = parse_json(*revoked);
    const bool is_repeated =
        entries && entries->is_array() && !entries->empty() && entries->front().contains("was_revoked");
    if (is_repeated) session.report.note(target_ + " was revoked already; the list of it is signed and passed on");
    return {};
  }

 private:
  /// What it means to go on: more than usual where the fleet or whoever asks depends on it.
  Attempt<std::string> question(cli::NodeClient& client) const {
    const auto listed = ask(client, "certs.list", {}, {}, cli::kRequestTimeout);
    if (!listed) return explained(listed.error());
    const std::string usual = fmt::format("Revoke what {} has? It is refused by the whole fleet at once.", target_);
    for (const Json& entry : *listed) {
      const std::string serial = cli::member_text(entry, "serial");
      if (cli::member_text(entry, "name") != target_ && !serial.starts_with(lower_ascii(target_))) continue;
      if (cli::member_text(entry, "role") == "coordinator") {
        return fmt::format(
            "{} is the coordinator's: every node refuses it at once, and without it no call is passed on, no log line "
            "collected, and nothing can be revoked from here, until it has another one. {}",
            target_, usual);
      }
      if (serial == client.own_serial()) {
        return fmt::format(
            "{} is what you show yourself: after this you can do nothing from here, and only p2p-ca, where the CA's "
            "key "
            "is, makes you another one. {}",
            target_, usual);
      }
    }
    return usual;
  }

  std::string target_, reason_;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_certs_list() { return std::make_unique<List>(); }
std::unique_ptr<cli::Command> make_certs_renew() { return std::make_unique<Renew>(); }
std::unique_ptr<cli::Command> make_certs_revoke() { return std::make_unique<Revoke>(); }

}  // namespace p2p::ctl
