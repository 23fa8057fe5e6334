#include "acme/order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace p2p::acme {

std::string_view to_string(AccountStatus status) noexcept {
  return status == AccountStatus::valid ? "valid" : "deactivated";
}

std::string_view to_string(OrderStatus status) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"pending", "ready", "processing", "valid", "invalid"};
  return kNames.at(static_cast<std::size_t>(status));
}

std::string_view to_string(AuthorizationStatus status) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"pending", "valid", "invalid", "deactivated", "expired"};
  return kNames.at(static_cast<std::size_t>(status));
}

std::string_view to_string(ChallengeStatus status) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"pending", "processing", "valid", "invalid"};
  return kNames.at(static_cast<std::size_t>(status));
}

AuthorizationStatus status_at(const Authorization& authorization, WallTime now) {
  using enum AuthorizationStatus;
  const bool can_expire = authorization.status == pending || authorization.status == valid;
  return can_expire && now >= authorization.expires_at ? expired : authorization.status;
}

OrderStatus status_at(const Order& order, std::span<const Authorization> authorizations, WallTime now) {
  using enum OrderStatus;
  if (order.status != pending) return order.status;
  if (now >= order.expires_at || authorizations.size() < order.authorizations.size()) return invalid;
  std::size_t proven = 0;
  for (const auto& one : authorizations) {
    const auto status = status_at(one, now);
    if (status != AuthorizationStatus::valid && status != AuthorizationStatus::pending) return invalid;
    if (status == AuthorizationStatus::valid) ++proven;
  }
  return proven == authorizations.size() ? ready : pending;
}

bool begin_validation(Authorization& authorization, WallTime now) {
  if (status_at(authorization, now) != AuthorizationStatus::pending) return false;
  if (authorization.challenge != ChallengeStatus::pending) return false;
  authorization.challenge = ChallengeStatus::processing;
  return true;
}

void validation_succeeded(Authorization& authorization, WallTime now, std::chrono::seconds lifetime) {
  authorization.status = AuthorizationStatus::valid;
  authorization.challenge = ChallengeStatus::valid;
  authorization.validated_at = now;
  authorization.expires_at = now + lifetime;
  authorization.error = Json();
}

void validation_failed(Authorization& authorization, const Refusal& refusal) {
  authorization.status = AuthorizationStatus::invalid;
  authorization.challenge = ChallengeStatus::invalid;
  authorization.error = to_json(refusal);
}

Outcome<void> deactivate(Authorization& authorization, WallTime now) {
  const auto status = status_at(authorization, now);
  if (status != AuthorizationStatus::pending && status != AuthorizationStatus::valid) {
    return Refusal(ProblemType::malformed, fmt::format("the authorization is {}", to_string(status)));
  }
  authorization.status = AuthorizationStatus::deactivated;
  return boost::system::in_place_value;
}

Outcome<void> begin_finalize(Order& order, std::span<const Authorization> authorizations, WallTime now) {
  const auto status = status_at(order, authorizations, now);
  if (status != OrderStatus::ready) {
    return Refusal(ProblemType::order_not_ready, fmt::format("the order is {}", to_string(status)));
  }
  order.status = OrderStatus::processing;
  return boost::system::in_place_value;
}

void finalize_succeeded(Order& order, std::string certificate_id) {
  order.status = OrderStatus::valid;
  order.certificate = std::move(certificate_id);
}

void finalize_failed(Order& order, const Refusal& refusal) {
  order.status = OrderStatus::invalid;
  order.error = to_json(refusal);
}

void finalize_undone(Order& order) { order.status = OrderStatus::pending; }

}  // namespace p2p::acme
