#include "tokens.hpp"

#include <utility>

#include "base/file.hpp"

namespace p2p::node {

namespace {

constexpr std::size_t kMaxTokenFileBytes = 64 << 20;
constexpr char kIssuedTokensFile[] = "issued_tokens.json";

/// Nothing to load is no error.
Result<void> load_file(const std::filesystem::path& file, const std::function<Result<void>(const std::string&)>& load) {
  const auto text = read_secret_file(file, kMaxTokenFileBytes);
  if (!text) return text.error().kind() == Errc::not_found ? Result<void>() : text.error();
  if (const auto loaded = load(*text); !loaded) {
    return Error(loaded.error().code, fmt::format("{}: {}", file.string(), loaded.error().context));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Tokens>> Tokens::open(const Parts& parts, Hooks hooks) {
  std::unique_ptr<Tokens> out(new Tokens(parts));
  const bool is_coordinator = parts.identity.role() == pki::Role::coordinator;
  RevokedTokens::Hooks revoked;
  revoked.changed = [tokens = out.get()] { tokens->blacklist_state_->changed(); };
  revoked.drop = hooks.drop;
  if (is_coordinator) revoked.publish = hooks.publish;
  out->revoked_ = std::make_unique<RevokedTokens>(out->gate_, std::move(revoked), parts.clock, parts.log);
  const auto file = parts.paths.state_file(parts.config, parts.config.jwt_blacklist_file);
  out->blacklist_state_ = hooks.make_writer("the list of revoked tokens", file,
                                            [tokens = out.get()] { return tokens->revoked_->encode(); });
  out->trust({});
  auto loaded = load_file(file, [&](const std::string& text) { return out->revoked_->load(text); });
  if (!loaded) return loaded.error();
  if (!is_coordinator) return out;
  if (auto opened = out->open_desk(hooks); !opened) return opened.error();
  return out;
}

Result<void> Tokens::open_desk(const Hooks& hooks) {
  const auto file = parts_.paths.state_file(parts_.config, kIssuedTokensFile);
  issued_state_ = hooks.make_writer("the list of issued tokens", file, [this] { return desk_->encode(); });
  TokenDesk::Hooks desk;
  desk.signer = [this]() -> const pki::RecordSigner& { return parts_.identity.signer().keys(); };
  desk.signer_ends_at = [this] { return parts_.identity.certificate().facts().not_after; };
  desk.save_issued = [this] { return issued_state_->save_now(); };
  desk.save_revoked = [this] { return blacklist_state_->save_now(); };
  desk_ = std::make_unique<TokenDesk>(
      TokenDesk::Options{parts_.control.get_executor(), parts_.config.cluster_name,
                         std::chrono::duration_cast<std::chrono::seconds>(parts_.config.jwt_expiration_hours)},
      std::move(desk), gate_, *revoked_, parts_.clock, parts_.log);
  return load_file(file, [this](const std::string& text) { return desk_->load(text); });
}

void Tokens::trust(pki::RevocationCheck is_revoked) {
  const bool is_coordinator = parts_.identity.role() == pki::Role::coordinator;
  revoked_->set_trust({parts_.identity.roots(), parts_.config.cluster_name, std::move(is_revoked)},
                      is_coordinator ? &parts_.identity.signer().keys() : nullptr);
}

void Tokens::add_routes(net::Router& router) {
  if (desk_) desk_->add_routes(router);
}

}  // namespace p2p::node
