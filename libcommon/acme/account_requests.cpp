#include "acme/account_requests.hpp"

#include "acme/answer.hpp"
#include "acme/external_account.hpp"
#include "acme/ids.hpp"
#include "acme/messages.hpp"
#include "acme/objects.hpp"
#include "base/text.hpp"
#include "crypto/jwk.hpp"
#include "crypto/key.hpp"

namespace p2p::acme {
namespace {

net::Response account_answer(const ServerParts& parts, unsigned status, const Account& account) {
  net::Response out = json_answer(status, account_json(account, parts.urls));
  out.headers.add("Location", parts.urls.account(account.id));
  return out;
}

Outcome<net::Response> existing_answer(const ServerParts& parts, const Account& account) {
  if (account.status != AccountStatus::valid) {
    return Refusal(ProblemType::unauthorized, "the account with this key is deactivated");
  }
  return account_answer(parts, 200, account);
}

/// For a node of the fleet its certificate is the binding.
Outcome<std::string> admit(const ServerParts& parts, const SignedRequest& request, const pki::CertificateId& node) {
  auto grant = parts.issuance.admit(node, request.thumbprint, parts.clock.wall());
  if (grant) return std::move(grant->kid);
  switch (grant.error().kind()) {
    case Errc::not_permitted:
    case Errc::not_found: return Refusal(ProblemType::unauthorized, grant.error().context);
    case Errc::limited: return Refusal(ProblemType::rate_limited, grant.error().context);
    default: return internal_error(parts, grant.error());
  }
}

Outcome<Account> make_account(const ServerParts& parts, const SignedRequest& request,
                              const std::optional<pki::CertificateId>& node, NewAccount wish) {
  Account out;
  out.id = make_id();
  out.thumbprint = out.bound_thumbprint = request.thumbprint;
  auto jwk = crypto::to_jwk(*request.key);
  if (!jwk) return internal_error(parts, jwk.error());
  out.jwk = std::move(*jwk);
  out.contact = std::move(wish.contact);
  if (wish.binding) {
    auto kid = redeem_binding(parts, request, *wish.binding);
    if (!kid) return kid.error();
    out.kid = std::move(*kid);
    out.binding = std::move(*wish.binding);
  } else if (node) {
    auto kid = admit(parts, request, *node);
    if (!kid) return kid.error();
    out.kid = std::move(*kid);
  } else if (parts.settings.external_account_required) {
    return Refusal(ProblemType::external_account_required, "an account is made with an invitation's kid and HMAC key");
  }
  return out;
}

/// For a key whose binding has an account already. A key that was changed (section 7.3.5) may be known to others and
/// makes no second account with the same use of the invitation; neither is it told which account that is.
Outcome<net::Response> made_before(const ServerParts& parts, const SignedRequest& request) {
  const auto winner = parts.store.find_account_by_key(request.thumbprint);
  if (!winner) return internal_error(parts, winner.error());
  if (*winner) return existing_answer(parts, **winner);  // the same request came twice at once
  parts.log.warning("an ACME account was refused: the account of its binding has another key now");
  return Refusal(ProblemType::unauthorized, "externalAccountBinding: the account of this binding has another key now");
}

/// The new key, once the inner JWS is found to be made with it and to speak of this account (section 7.3.5).
Outcome<crypto::KeyPtr> read_new_key(const ServerParts& parts, const SignedRequest& request) {
  const auto inner = read_jws(crypto::parse_jws(request.payload));
  if (!inner) return inner.error();
  const Json* jwk = find_member(inner->header, "jwk");
  const std::string* url = find_string(inner->header, "url");
  if (jwk == nullptr || inner->header.contains("kid") || inner->header.contains("nonce")) {
    return Refusal(ProblemType::malformed,
                   "the inner protected header has the new key in \"jwk\", no kid and no nonce");
  }
  if (url == nullptr || *url != request.url) {
    return Refusal(ProblemType::malformed, "the inner \"url\" is not that of the request");
  }
  auto key = read_key(*jwk);
  if (!key) return key.error();
  if (const auto verified = crypto::verify_jws(*inner, **key); !verified) {
    return Refusal(ProblemType::malformed, "the inner JWS: " + verified.error().context);
  }
  const auto change = read_key_change(inner->payload);
  if (!change) return change.error();
  if (change->account != parts.urls.account(request.account->id)) {
    return Refusal(ProblemType::malformed, "the inner payload's account is not the one that signs");
  }
  const auto old_key = read_key(change->old_key);
  if (!old_key) return old_key.error();
  if (!crypto::same_key(**old_key, *request.key)) {
    return Refusal(ProblemType::malformed, "oldKey is not the account's key");
  }
  return key;
}

/// Two requests of one account at once must not undo each other.
Outcome<void> store_change(const ServerParts& parts, const SignedRequest& request, const Account& changed) {
  const auto updated = parts.store.update_account(changed, request.thumbprint);
  if (!updated) return internal_error(parts, updated.error());
  if (!*updated) return Refusal(ProblemType::malformed, "the account changed meanwhile, or its new key is in use", 409);
  return boost::system::in_place_value;
}

Refusal key_in_use(const ServerParts& parts, const Account& owner) {
  Refusal out(ProblemType::malformed, "an account has this key already", 409);
  out.location = parts.urls.account(owner.id);
  return out;
}

}  // namespace

Outcome<Grant> grant_of(const ServerParts& parts, const Account& account) {
  if (account.kid.empty()) return Grant{};
  auto grant = parts.issuance.grant_of(account.kid, account.bound_thumbprint);
  if (grant) return std::move(*grant);
  const Errc kind = grant.error().kind();
  if (kind != Errc::not_permitted && kind != Errc::not_found) return internal_error(parts, grant.error());
  return Refusal(ProblemType::unauthorized, grant.error().context);
}

Outcome<net::Response> new_account(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  auto wish = read_new_account(request.payload);
  if (!wish) return wish.error();
  const auto existing = parts.store.find_account_by_key(request.thumbprint);
  if (!existing) return internal_error(parts, existing.error());
  if (*existing) return existing_answer(parts, **existing);
  if (wish->only_return_existing) {
    return Refusal(ProblemType::account_does_not_exist, "there is no account with this key");
  }
  const auto made = make_account(parts, request, incoming.node, std::move(*wish));
  if (!made) return made.error();
  if (const auto added = parts.store.add_account(*made, parts.clock.wall(), parts.settings.max_accounts); !added) {
    if (added.error().kind() == Errc::limited) return Refusal(ProblemType::rate_limited, added.error().context);
    if (added.error().kind() != Errc::exists) return internal_error(parts, added.error());
    return made_before(parts, request);
  }
  parts.log.info("new ACME account {} with invitation {}", made->id,
                 made->kid.empty() ? "none" : escape_controls(made->kid));
  return account_answer(parts, 201, *made);
}

Outcome<net::Response> account(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  if (incoming.id != request.account->id) {
    return Refusal(ProblemType::unauthorized, "an account can only read and change itself");
  }
  Account changed = *request.account;
  if (request.payload.empty()) return account_answer(parts, 200, changed);
  auto update = read_account_update(request.payload);
  if (!update) return update.error();
  if (update->contact) changed.contact = std::move(*update->contact);
  if (update->deactivate) changed.status = AccountStatus::deactivated;
  if (update->contact || update->deactivate) {
    if (auto done = store_change(parts, request, changed); !done) return done.error();
  }
  if (update->deactivate) parts.log.info("ACME account {} was deactivated by its owner", changed.id);
  return account_answer(parts, 200, changed);
}

Outcome<net::Response> key_change(const ServerParts& parts, const SignedRequest& request, const Incoming&) {
  const auto key = read_new_key(parts, request);
  if (!key) return key.error();
  const auto jwk = crypto::to_jwk(**key);
  const auto thumbprint = crypto::jwk_thumbprint(**key);
  if (!jwk || !thumbprint)
    return Refusal(ProblemType::bad_public_key, "the new key is of a kind that is not supported");
  Account changed = *request.account;
  changed.jwk = *jwk;
  changed.thumbprint = *thumbprint;
  const auto owner = parts.store.find_account_by_key(*thumbprint);
  if (!owner) return internal_error(parts, owner.error());
  if (*owner) return key_in_use(parts, **owner);
  if (auto done = store_change(parts, request, changed); !done) return done.error();
  parts.log.info("ACME account {} has a new key", changed.id);
  return account_answer(parts, 200, changed);
}

}  // namespace p2p::acme
