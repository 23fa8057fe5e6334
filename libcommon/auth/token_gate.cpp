#include "auth/token_gate.hpp"

#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace p2p::auth {
namespace {

constexpr std::string_view kScheme = "bearer ";

void apply(const Token& token, const std::string& cluster_name, Caller& caller) {
  caller.identity = pki::Identity{cluster_name, pki::Role::operator_, token.subject};
  caller.scopes = token.scopes;
  caller.certificate = token.asker;
  caller.token_id = token.id;
  caller.ends_at = token.expires_at;
}

}  // namespace

std::size_t TokenGate::DigestHash::operator()(const crypto::Sha256& digest) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

void TokenGate::set_trust(TokenTrust trust) {
  auto next = std::make_shared<const TokenTrust>(std::move(trust));
  const std::lock_guard lock(mutex_);
  rules_.trust = std::move(next);
  remembered_.clear();
}

void TokenGate::set_revoked(std::shared_ptr<const TokenBlacklist::Entries> revoked) {
  const std::lock_guard lock(mutex_);
  rules_.revoked = std::move(revoked);
  remembered_.clear();
}

TokenGate::Rules TokenGate::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::shared_ptr<const Token> TokenGate::find(const crypto::Sha256& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(digest);
  return found == remembered_.end() ? nullptr : found->second;
}

void TokenGate::remember(const crypto::Sha256& digest, std::shared_ptr<const Token> token, const Rules& judged_by,
                         WallTime now) {
  const std::lock_guard lock(mutex_);
  // The rules changed while it was judged by the old ones.
  if (rules_.trust != judged_by.trust || rules_.revoked != judged_by.revoked) return;
  if (remembered_.size() >= kMaxRemembered) {
    std::erase_if(remembered_, [now](const auto& entry) { return !check_dates(*entry.second, now); });
    if (remembered_.size() >= kMaxRemembered) remembered_.clear();
  }
  remembered_.insert_or_assign(digest, std::move(token));
}

Result<Token> TokenGate::verify(std::string_view text, WallTime now) const {
  const Rules rules = this->rules();
  if (!rules.trust) return Error(Errc::not_permitted, "this node takes no tokens yet");
  return verify_token(text, *rules.trust, now);
}

Result<void> TokenGate::authenticate(std::string_view authorization, WallTime now,
                                     const std::function<bool()>& may_verify, Caller& caller) {
  if (authorization.empty()) return {};
  if (lower_ascii(authorization.substr(0, kScheme.size())) != kScheme) {
    return Error(Errc::not_permitted, "the only kind of Authorization known is Bearer");
  }
  const std::string_view text = trim(authorization.substr(kScheme.size()));
  const auto digest = crypto::sha256(as_bytes(text));
  const Rules rules = this->rules();
  if (!rules.trust) return Error(Errc::not_permitted, "this node takes no tokens yet");
  if (const auto known = find(digest)) {
    if (auto dates = check_dates(*known, now); !dates) return dates;
    apply(*known, rules.trust->cluster_name, caller);
    return {};
  }
  if (!may_verify()) return Error(Errc::limited, "too many tokens that are not known come from this address");
  auto token = verify_token(text, *rules.trust, now);
  if (!token) return token.error();
  if (rules.revoked && rules.revoked->contains(token->id)) {
    return Error(Errc::not_permitted, "the token was revoked");
  }
  apply(*token, rules.trust->cluster_name, caller);
  remember(digest, std::make_shared<const Token>(std::move(*token)), rules, now);
  return {};
}

}  // namespace p2p::auth
