#include "revoked_tokens.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::minutes kSweepBlacklist{1};

}  // namespace

RevokedTokens::RevokedTokens(auth::TokenGate& gate, Hooks hooks, const Clock& clock, LogSink& log)
    : gate_(gate), hooks_(std::move(hooks)), clock_(clock), log_(log, "Auth") {}

Result<void> RevokedTokens::load(std::string_view text) {
  const Error damaged(Errc::damaged, "the list of revoked tokens does not parse");
  const auto document = parse_json(text);
  const Json* revoked = document ? find_member(*document, "revoked") : nullptr;
  if (revoked == nullptr || find_unsigned(*document, "version") != 1) return damaged;
  const auto read = auth::read_revoked_tokens(*revoked);
  if (!read) return read.error();
  refuse(*read);
  return {};
}

std::string RevokedTokens::encode() const {
  return dump_json(Json{{"version", 1}, {"revoked", auth::to_json(blacklist_.list())}}) + "\n";
}

auth::TokenBlacklist::Added RevokedTokens::refuse(const std::vector<auth::RevokedToken>& revoked) {
  const auto added = blacklist_.add(revoked, clock_.wall());
  if (added.count == 0) return added;
  auto refused = blacklist_.snapshot();
  gate_.set_revoked(refused);
  hooks_.changed();
  hooks_.drop(
      [refused = std::move(refused)](const auth::Caller& caller) { return refused->contains(caller.token_id); });
  return added;
}

void RevokedTokens::set_trust(auth::TokenTrust trust, const pki::RecordSigner* signer) {
  const bool is_resigned = signer != nullptr && signer_ && signer_->certificate_der() != signer->certificate_der();
  trust_ = trust;
  if (signer != nullptr) signer_ = *signer;
  gate_.set_trust(std::move(trust));
  if (is_resigned && !blacklist_.empty()) publish_or_say();
}

Result<std::uint64_t> RevokedTokens::check(ByteView content) const {
  if (!trust_) return Error(Errc::unsupported, "no tokens are taken yet");
  const auto list = auth::read_revoked_token_list(as_text(content), *trust_, clock_.wall());
  if (!list) return list.error();
  return list->version;
}

void RevokedTokens::take(const membership::Bulletin& bulletin) {
  const auto list = auth::read_revoked_token_list(as_text(*bulletin.content), *trust_, clock_.wall());
  if (!list) return log_.warning("a list of revoked tokens is not used: {}", list.error().context);
  version_ = std::max(version_, list->version);
  const auto added = refuse(list->revoked);
  if (added.count > 0) {
    log_.info("{} more revoked {} refused from now on", added.count, added.count == 1 ? "token is" : "tokens are");
  }
  if (added.left_out > 0) {
    log_.error("{} revoked {} still good here: there is room for {} until some expire", added.left_out,
               added.left_out == 1 ? "token is" : "tokens are", auth::kMaxRevokedTokens);
  }
  if (!hooks_.publish) return;
  // Of two coordinators, or of a restored one and its fleet, each learns what the other knows.
  auth::TokenBlacklist listed;
  listed.add(list->revoked, clock_.wall());
  const auto all = blacklist_.list();
  if (std::ranges::any_of(all, [&](const auto& token) { return !listed.contains(token.id); })) publish_or_say();
}

Result<void> RevokedTokens::revoke(const std::vector<auth::RevokedToken>& revoked) {
  const auto added = refuse(revoked);
  if (auto published = publish(); !published || added.left_out == 0) return published;
  return Error(Errc::limited,
               fmt::format("{} of {} tokens are still good: there is room for {} revoked ones until some expire; to be "
                           "rid of them, revoke the certificate that asked for them",
                           added.left_out, revoked.size(), auth::kMaxRevokedTokens));
}

bool RevokedTokens::is_dead(const auth::Token& token) const {
  if (blacklist_.contains(token.id)) return true;
  return trust_ && trust_->is_revoked && trust_->is_revoked(token.asker.issuer_key_id, token.asker.serial);
}

Result<void> RevokedTokens::publish() {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.wall()).time_since_epoch().count();
  version_ = std::max(version_ + 1, static_cast<std::uint64_t>(now));
  const auto text = auth::sign_revoked_tokens({version_, blacklist_.list()}, trust_->cluster_name, *signer_);
  if (!text) return text.error();
  const auto published = hooks_.publish(std::string(kTokensKind), to_bytes(*text));
  if (!published) return published.error();
  return {};
}

void RevokedTokens::publish_or_say() {
  if (const auto published = publish(); !published) {
    log_.error("the list of revoked tokens is not published: {}", published.error().context);
  }
}

asio::awaitable<void> RevokedTokens::run() {
  // The list that was held before the start has been taken by now; without one, the file is all there is.
  if (hooks_.publish && version_ == 0 && !blacklist_.empty()) publish_or_say();
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(kSweepBlacklist);
    co_await timer.async_wait(asio::use_awaitable);
    if (blacklist_.drop_expired(clock_.wall()) == 0) continue;
    gate_.set_revoked(blacklist_.snapshot());
    hooks_.changed();
  }
}

}  // namespace p2p::node
