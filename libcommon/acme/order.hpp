// Accounts, orders, authorizations and challenges, and how their states follow each other (RFC 8555 section 7.1.6).
// What follows from time or from other objects is not stored but worked out when somebody asks. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acme/refusal.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

enum class AccountStatus : unsigned char { valid, deactivated };
enum class OrderStatus : unsigned char { pending, ready, processing, valid, invalid };
enum class AuthorizationStatus : unsigned char { pending, valid, invalid, deactivated, expired };
enum class ChallengeStatus : unsigned char { pending, processing, valid, invalid };

std::string_view to_string(AccountStatus status) noexcept;
std::string_view to_string(OrderStatus status) noexcept;
std::string_view to_string(AuthorizationStatus status) noexcept;
std::string_view to_string(ChallengeStatus status) noexcept;

struct Account {
  std::string id;
  std::string thumbprint;        ///< RFC 7638, of the present key
  std::string bound_thumbprint;  ///< of the key that the invitation was redeemed with; a key change leaves it
  Json jwk;                      ///< the present key
  std::vector<std::string> contact;
  AccountStatus status = AccountStatus::valid;
  std::string kid;  ///< of the invitation; empty without external account binding
  Json binding;     ///< the verified externalAccountBinding, given back as it came (section 7.3.4)
};

/// One name of one account, with its one challenge, http-01, which has the same id.
struct Authorization {
  std::string id;
  std::string account;
  pki::SubjectName identifier;
  AuthorizationStatus status = AuthorizationStatus::pending;  ///< as stored: never `expired`, see status_at
  WallTime expires_at{};
  std::string token;
  ChallengeStatus challenge = ChallengeStatus::pending;
  std::optional<WallTime> validated_at{};
  Json error{};          ///< of the failed challenge
  bool granted = false;  ///< by the invitation, without a validation: good as long as the grant has the name
};

struct Order {
  std::string id;
  std::string account;
  OrderStatus status = OrderStatus::pending;  ///< as stored: never `ready`, see status_at
  std::vector<pki::SubjectName> identifiers;
  std::vector<std::string> authorizations;  ///< ids, in the order of identifiers
  WallTime expires_at{};
  std::string certificate{};  ///< id, once valid
  std::string replaces{};     ///< certificate id of RFC 9773
  Json error{};               ///< once invalid, where there is one
};

/// `expired` for a pending or valid one past its time.
AuthorizationStatus status_at(const Authorization& authorization, WallTime now);
/// A pending order is `ready` when all its authorizations are valid, and `invalid` when one of them can no longer be or
/// its own time is over. `authorizations` are those that are left of the order's.
OrderStatus status_at(const Order& order, std::span<const Authorization> authorizations, WallTime now);

/// pending → processing. False, and nothing changes, when the challenge was answered before or is over: the client is
/// then told the present state.
bool begin_validation(Authorization& authorization, WallTime now);
/// The name is proven; it stays so for `lifetime`.
void validation_succeeded(Authorization& authorization, WallTime now, std::chrono::seconds lifetime);
void validation_failed(Authorization& authorization, const Refusal& refusal);
/// `malformed` unless it is pending or valid now.
Outcome<void> deactivate(Authorization& authorization, WallTime now);

/// `orderNotReady` unless the order is ready (section 7.4); then it is processing.
Outcome<void> begin_finalize(Order& order, std::span<const Authorization> authorizations, WallTime now);
void finalize_succeeded(Order& order, std::string certificate_id);
/// Nothing more comes of it.
void finalize_failed(Order& order, const Refusal& refusal);
/// The fault may pass: the order is as it was before begin_finalize.
void finalize_undone(Order& order);

}  // namespace p2p::acme
