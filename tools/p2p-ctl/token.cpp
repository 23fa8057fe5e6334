// p2p-ctl token: tokens for who has no certificate, such as Prometheus or a script with curl.
#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"
#include "cli/certificate_table.hpp"
#include "cli/input.hpp"
#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;

constexpr std::size_t kMaxTokenInput = 16 * 1024;
/// `2027-01-31T12:00:00Z`
constexpr std::size_t kDateAndTime = 20;

/// The answer's body, JSON; any other status than 200 is a failure.
Attempt<std::string> body_of(Attempt<cli::NodeClient::Reply> reply) {
  if (!reply) return reply.error();
  if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
  if (!parse_json(reply->body)) return Failure(cli::kDamaged, "the coordinator's answer is not JSON");
  return std::move(reply->body);
}

class TokenCreate final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("--sub", "NAME", subject_, "whom it is for: the name that logs and services see")
        .text("--scope", "S[,S]", scope_, "what it may do, such as metrics:read,cluster:read")
        .duration("--ttl", "TIME", life_, "how long it is good, 24h unless the coordinator is configured otherwise",
                  std::chrono::seconds{1});
  }

  Attempt<void> run(cli::Session& session) override {
    if (subject_.empty()) return Failure(cli::kUsage, "--sub is missing", "p2p-ctl token create --help");
    if (scope_.empty()) return Failure(cli::kUsage, "--scope is missing", "p2p-ctl token create --help");
    Json request = {{"sub", subject_}, {"scope", scope_}};
    if (life_.count() > 0) request["ttl_seconds"] = std::chrono::floor<std::chrono::seconds>(life_).count();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto body = body_of(client->post("/auth/token", dump_json(request)));
    if (!body) return body.error();
    if (session.out.format() == cli::Format::json || session.out.format() == cli::Format::yaml) {
      session.out.value(*body);
      return {};
    }
    const auto made = parse_json(*body);
    const std::string* token = made ? find_string(*made, "access_token") : nullptr;
    if (token == nullptr) return Failure(cli::kDamaged, "the coordinator's answer holds no token");
    session.out.stream() << *token << '\n';
    session.report.note(fmt::format("for {}, until {}; \"p2p-ctl token revoke {}\" takes it back", subject_,
                                    cli::member_text(*made, "expires_at"), cli::member_text(*made, "jti")));
    return {};
  }

 private:
  std::string subject_, scope_;
  std::chrono::milliseconds life_{};  // none given: the coordinator's
};

cli::Cell state_of(const Json& entry) {
  if (is_true(entry, "revoked")) return {"revoked", cli::Style::bad};
  return {"valid", cli::Style::good};
}

class TokenList final : public cli::Command {
 public:
  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto body = body_of(client->get("/auth/tokens"));
    if (!body) return body.error();
    const std::vector<cli::Column> columns{cli::member_column("FOR", "sub"),
                                           cli::member_column("SCOPE", "scope"),
                                           {"STATE", state_of},
                                           cli::beginning_column("EXPIRES", "expires_at", kDateAndTime),
                                           cli::member_column("BY", "asked_by"),
                                           cli::member_column("ID", "jti")};
    session.out.list(*body, columns, "jti");
    return {};
  }
};

class TokenRevoke final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("TOKEN", target_, "its id; a name, for all that are for it; or -, to read its text");
  }

  Attempt<void> run(cli::Session& session) override {
    Json request = {{"target", target_}};
    if (target_ == "-") {
      const auto text = cli::read_whole(session.in, kMaxTokenInput);
      if (!text) return text.error();
      if (trim(*text).empty()) return Failure(cli::kUsage, "standard input holds no token");
      request = {{"token", trim(*text)}};
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto body = body_of(client->post("/auth/revoke", dump_json(request)));
    if (!body) {
      Failure failure = body.error();
      if (failure.exit_code == cli::kNotFound) failure.hint = "p2p-ctl token list";
      return failure;
    }
    const std::vector<cli::Column> columns{cli::member_column("REVOKED", "jti"),
                                           cli::beginning_column("WOULD HAVE EXPIRED", "expires_at", kDateAndTime)};
    session.out.list(*body, columns, "jti");
    return {};
  }

 private:
  std::string target_;
};

}  // namespace

std::unique_ptr<cli::Command> make_token_create() { return std::make_unique<TokenCreate>(); }
std::unique_ptr<cli::Command> make_token_list() { return std::make_unique<TokenList>(); }
std::unique_ptr<cli::Command> make_token_revoke() { return std::make_unique<TokenRevoke>(); }

}  // namespace p2p::ctl
