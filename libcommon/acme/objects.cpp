#include "acme/objects.hpp"

#include "acme/identifier.hpp"
#include "base/rfc3339.hpp"

namespace p2p::acme {

Json directory_json(const Urls& urls, bool external_account_required) {
  return {{"newNonce", urls.new_nonce()},
          {"newAccount", urls.new_account()},
          {"newOrder", urls.new_order()},
          {"revokeCert", urls.revoke_certificate()},
          {"keyChange", urls.key_change()},
          {"renewalInfo", urls.renewal_info()},
          {"meta", {{"externalAccountRequired", external_account_required}}}};
}

Json account_json(const Account& account, const Urls& urls) {
  Json out{{"status", to_string(account.status)}, {"orders", urls.orders(account.id)}};
  if (!account.contact.empty()) out["contact"] = account.contact;
  if (!account.binding.is_null()) out["externalAccountBinding"] = account.binding;
  return out;
}

Json order_json(const Order& order, std::span<const Authorization> authorizations, const Urls& urls, WallTime now) {
  Json out{{"status", to_string(status_at(order, authorizations, now))},
           {"expires", format_rfc3339(order.expires_at, 0)},
           {"identifiers", Json::array()},
           {"authorizations", Json::array()},
           {"finalize", urls.finalize(order.id)}};
  for (const auto& identifier : order.identifiers) out["identifiers"].push_back(to_json(identifier));
  for (const auto& id : order.authorizations) out["authorizations"].push_back(urls.authorization(id));
  if (!order.certificate.empty()) out["certificate"] = urls.certificate(order.certificate);
  if (!order.replaces.empty()) out["replaces"] = order.replaces;
  if (!order.error.is_null()) out["error"] = order.error;
  return out;
}

Json authorization_json(const Authorization& authorization, const Urls& urls, WallTime now) {
  Json out{{"status", to_string(status_at(authorization, now))},
           {"expires", format_rfc3339(authorization.expires_at, 0)},
           {"identifier", to_json(authorization.identifier)},
           {"challenges", Json::array({challenge_json(authorization, urls)})}};
  if (is_wildcard(authorization.identifier)) {  // section 7.1.4: without its first label, and marked
    out["identifier"]["value"] = authorization.identifier.text.substr(2);
    out["wildcard"] = true;
  }
  return out;
}

Json challenge_json(const Authorization& authorization, const Urls& urls) {
  Json out{{"type", "http-01"},
           {"url", urls.challenge(authorization.id)},
           {"status", to_string(authorization.challenge)},
           {"token", authorization.token}};
  if (authorization.validated_at) out["validated"] = format_rfc3339(*authorization.validated_at, 0);
  if (!authorization.error.is_null()) out["error"] = authorization.error;
  return out;
}

}  // namespace p2p::acme
