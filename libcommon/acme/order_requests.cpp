#include "acme/order_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "acme/account_requests.hpp"
#include "acme/answer.hpp"
#include "acme/certificate_id.hpp"
#include "acme/ids.hpp"
#include "acme/messages.hpp"
#include "acme/objects.hpp"
#include "acme/policy.hpp"

namespace p2p::acme {
namespace {

constexpr char kPollSeconds[] = "1";

Refusal not_here(std::string_view what) {
  return {ProblemType::malformed, fmt::format("this account has no such {}", what), 404};
}

/// RFC 9773 section 5: the certificate is this account's and no other order replaces it.
Outcome<void> check_replaces(const ServerParts& parts, const Account& account, const std::string& replaces) {
  if (replaces.empty()) return boost::system::in_place_value;
  const auto id = parse_certificate_id(replaces);
  if (!id) return Refusal(ProblemType::malformed, "replaces: " + id.error().context);
  const auto certificate = parts.store.find_certificate_by_certificate_id(replaces);
  if (!certificate) return internal_error(parts, certificate.error());
  if (!*certificate || (*certificate)->account != account.id) {
    return Refusal(ProblemType::malformed, "replaces: this account was not issued such a certificate");
  }
  const auto& successor = (*certificate)->replaced_by;
  if (successor.empty()) return boost::system::in_place_value;
  const auto order = parts.store.find_order(successor);
  if (!order) return internal_error(parts, order.error());
  const bool stands = *order && ((*order)->status == OrderStatus::valid || (*order)->expires_at > parts.clock.wall());
  if (!stands || (*order)->status == OrderStatus::invalid) return boost::system::in_place_value;
  return Refusal(ProblemType::already_replaced, "replaces: another order replaces this certificate");
}

Refusal rate_limited(const OverLimit& over, WallTime now) {
  Refusal out(ProblemType::rate_limited, over.why);
  out.retry_after_seconds = static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(over.until - now).count());
  return out;
}

/// One that stands from an earlier order, or none.
Outcome<std::optional<Authorization>> reusable(const ServerParts& parts, const Order& order, const Grant& grant,
                                               const pki::SubjectName& name) {
  if (!parts.settings.reuse_authorizations) return std::optional<Authorization>();
  auto found = parts.store.find_valid_authorization(order.account, name, order.expires_at);
  if (!found) return internal_error(parts, found.error());
  if (*found && (*found)->granted && !is_granted(grant, name)) return std::optional<Authorization>();
  return std::move(*found);
}

Authorization fresh_authorization(const ServerParts& parts, const Order& order, const Grant& grant,
                                  const pki::SubjectName& name, WallTime now) {
  Authorization out;
  out.id = make_id();
  out.account = order.account;
  out.identifier = name;
  out.expires_at = order.expires_at;
  out.token = make_id();
  if (is_granted(grant, name)) {
    out.granted = true;
    validation_succeeded(out, now, parts.settings.authorization_lifetime);
  }
  return out;
}

Outcome<Authorization> own_authorization(const ServerParts& parts, const SignedRequest& request,
                                         const std::string& id) {
  auto found = parts.store.find_authorization(id);
  if (!found) return internal_error(parts, found.error());
  if (!*found || (*found)->account != request.account->id) return not_here("authorization");
  return std::move(**found);
}

/// Somebody who polls is told when to come back, in whole seconds.
void add_retry_after(net::Response& response, bool in_progress) {
  if (in_progress) response.headers.add("Retry-After", kPollSeconds);
}

net::Response challenge_answer(const ServerParts& parts, const Authorization& authorization) {
  net::Response out = json_answer(200, challenge_json(authorization, parts.urls));
  add_link(out, parts.urls.authorization(authorization.id), "up");
  add_retry_after(out, authorization.challenge == ChallengeStatus::processing);
  return out;
}

}  // namespace

Outcome<net::Response> order_answer(const ServerParts& parts, unsigned status, const Order& order) {
  const auto authorizations = parts.store.find_authorizations(order.authorizations);
  if (!authorizations) return internal_error(parts, authorizations.error());
  net::Response out = json_answer(status, order_json(order, *authorizations, parts.urls, parts.clock.wall()));
  out.headers.add("Location", parts.urls.order(order.id));
  add_retry_after(out, order.status == OrderStatus::processing);
  return out;
}

Outcome<Order> own_order(const ServerParts& parts, const SignedRequest& request, std::string_view id) {
  auto found = parts.store.find_order(id);
  if (!found) return internal_error(parts, found.error());
  if (!*found || (*found)->account != request.account->id) return not_here("order");
  return std::move(**found);
}

Outcome<net::Response> new_order(const ServerParts& parts, const SignedRequest& request, const Incoming&) {
  auto wish = read_new_order(request.payload);
  if (!wish) return wish.error();
  const auto grant = grant_of(parts, *request.account);
  if (!grant) return grant.error();
  const IsReserved is_reserved = [&](const pki::SubjectName& name) { return parts.issuance.is_reserved(name, *grant); };
  if (auto checked = check_names(*grant, wish->identifiers, is_reserved); !checked) {
    parts.log.warning("an ACME order of account {} was refused: {}", request.account->id, checked.error().detail);
    return checked.error();
  }
  if (auto checked = check_replaces(parts, *request.account, wish->replaces); !checked) return checked.error();
  const WallTime now = parts.clock.wall();
  Order made;
  made.id = make_id();
  made.account = request.account->id;
  made.identifiers = std::move(wish->identifiers);
  made.expires_at = std::chrono::floor<std::chrono::seconds>(now + parts.settings.order_lifetime);
  made.replaces = std::move(wish->replaces);
  std::vector<Authorization> fresh;
  for (const auto& name : made.identifiers) {
    const auto old = reusable(parts, made, *grant, name);
    if (!old) return old.error();
    if (!*old) fresh.push_back(fresh_authorization(parts, made, *grant, name, now));
    made.authorizations.push_back(*old ? (*old)->id : fresh.back().id);
  }
  const auto over = parts.store.add_order(made, fresh, now, parts.settings.order_limits);
  if (!over) return internal_error(parts, over.error());
  if (*over) return rate_limited(**over, now);
  return order_answer(parts, 201, made);
}

Outcome<net::Response> order(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  if (auto checked = require_post_as_get(request); !checked) return checked.error();
  const auto found = own_order(parts, request, incoming.id);
  if (!found) return found.error();
  return order_answer(parts, 200, *found);
}

Outcome<net::Response> orders_of_account(const ServerParts& parts, const SignedRequest& request,
                                         const Incoming& incoming) {
  if (auto checked = require_post_as_get(request); !checked) return checked.error();
  if (incoming.id != request.account->id) {
    return Refusal(ProblemType::unauthorized, "an account can only read its own orders");
  }
  std::optional<std::int64_t> before;
  if (!incoming.cursor.empty()) {
    const char* const end = incoming.cursor.data() + incoming.cursor.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(incoming.cursor.data(), end, number);
    if (error != std::errc{} || stop != end) return not_here("page of orders");
    before = number;
  }
  const auto page = parts.store.orders_of(incoming.id, before, kOrdersOnPage);
  if (!page) return internal_error(parts, page.error());
  Json urls = Json::array();
  for (const auto& id : page->ids) urls.push_back(parts.urls.order(id));
  net::Response out = json_answer(200, {{"orders", std::move(urls)}});
  if (page->next) add_link(out, fmt::format("{}?cursor={}", parts.urls.orders(incoming.id), *page->next), "next");
  return out;
}

Outcome<net::Response> authorization(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  auto found = own_authorization(parts, request, incoming.id);
  if (!found) return found.error();
  const WallTime now = parts.clock.wall();
  if (!request.payload.empty()) {
    const auto wanted = read_deactivation(request.payload);
    if (!wanted) return wanted.error();
    const Authorization before = *found;
    if (*wanted) {
      if (auto done = deactivate(*found, now); !done) return done.error();
      const auto updated = parts.store.update_authorization(*found, before.status, before.challenge);
      if (!updated) return internal_error(parts, updated.error());
      if (!*updated) return Refusal(ProblemType::malformed, "the authorization changed meanwhile", 409);
    }
  }
  net::Response out = json_answer(200, authorization_json(*found, parts.urls, now));
  add_retry_after(out, found->challenge == ChallengeStatus::processing);
  return out;
}

Outcome<ChallengeAnswer> challenge(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  auto found = own_authorization(parts, request, incoming.id);
  if (!found) return found.error();
  ChallengeAnswer out;
  if (!request.payload.empty()) {
    const auto payload = parse_json(request.payload);
    if (!payload || !payload->is_object()) {
      return Refusal(ProblemType::malformed, "a challenge is answered with a JSON object");
    }
    const Authorization before = *found;
    if (begin_validation(*found, parts.clock.wall())) {
      const auto updated = parts.store.update_authorization(*found, before.status, before.challenge);
      if (!updated) return internal_error(parts, updated.error());
      if (*updated) out.to_validate = *found;
    }
  }
  out.response = challenge_answer(parts, *found);
  out.thumbprint = request.thumbprint;
  return out;
}

}  // namespace p2p::acme
