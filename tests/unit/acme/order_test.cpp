#include "acme/order.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::acme;
using std::chrono::hours;

namespace {

const WallTime kOrderNow{std::chrono::seconds{1'800'000'000}};

Authorization authorization(AuthorizationStatus status = AuthorizationStatus::pending) {
  Authorization out;
  out.id = "z";
  out.status = status;
  out.expires_at = kOrderNow + hours(1);
  return out;
}

Order order(std::size_t names = 1) {
  Order out;
  out.authorizations.assign(names, "z");
  out.expires_at = kOrderNow + hours(1);
  return out;
}

}  // namespace

TEST_CASE("an order is ready when all its authorizations are valid") {
  using enum AuthorizationStatus;
  const std::vector<Authorization> none, one{authorization(valid)}, both{authorization(valid), authorization(valid)};
  const std::vector<Authorization> half{authorization(valid), authorization(pending)};
  CHECK(status_at(order(2), both, kOrderNow) == OrderStatus::ready);
  CHECK(status_at(order(2), half, kOrderNow) == OrderStatus::pending);
  CHECK(status_at(order(2), one, kOrderNow) == OrderStatus::invalid);
  CHECK(status_at(order(1), none, kOrderNow) == OrderStatus::invalid);
  for (const auto dead : {invalid, deactivated, expired}) {
    const std::vector<Authorization> with_dead{authorization(valid), authorization(dead)};
    CHECK(status_at(order(2), with_dead, kOrderNow) == OrderStatus::invalid);
  }
}

TEST_CASE("time makes pending things invalid and leaves finished ones") {
  const auto late = kOrderNow + hours(1);
  CHECK(status_at(authorization(), late) == AuthorizationStatus::expired);
  CHECK(status_at(authorization(AuthorizationStatus::valid), late) == AuthorizationStatus::expired);
  CHECK(status_at(authorization(AuthorizationStatus::invalid), late) == AuthorizationStatus::invalid);
  const std::vector<Authorization> fine{authorization(AuthorizationStatus::valid)};
  CHECK(status_at(order(), fine, late - std::chrono::seconds(1)) == OrderStatus::ready);
  CHECK(status_at(order(), fine, late) == OrderStatus::invalid);
  for (const auto finished : {OrderStatus::processing, OrderStatus::valid, OrderStatus::invalid}) {
    Order done = order();
    done.status = finished;
    CHECK(status_at(done, {}, late) == finished);
  }
}

TEST_CASE("a challenge is begun once") {
  auto one = authorization();
  CHECK(begin_validation(one, kOrderNow));
  CHECK(one.challenge == ChallengeStatus::processing);
  CHECK_FALSE(begin_validation(one, kOrderNow));
  auto late = authorization();
  CHECK_FALSE(begin_validation(late, kOrderNow + hours(2)));
  auto finished = authorization(AuthorizationStatus::valid);
  CHECK_FALSE(begin_validation(finished, kOrderNow));
}

TEST_CASE("a validation ends one way or the other") {
  auto good = authorization();
  validation_succeeded(good, kOrderNow, hours(24));
  CHECK(good.status == AuthorizationStatus::valid);
  CHECK(good.challenge == ChallengeStatus::valid);
  CHECK(good.validated_at == kOrderNow);
  CHECK(good.expires_at == kOrderNow + hours(24));
  auto bad = authorization();
  validation_failed(bad, Refusal(ProblemType::connection, "nobody answers"));
  CHECK(bad.status == AuthorizationStatus::invalid);
  CHECK(bad.challenge == ChallengeStatus::invalid);
  CHECK(bad.error["type"] == "urn:ietf:params:acme:error:connection");
}

TEST_CASE("only what is pending or valid is deactivated") {
  for (const auto alive : {AuthorizationStatus::pending, AuthorizationStatus::valid}) {
    auto one = authorization(alive);
    CHECK(deactivate(one, kOrderNow).has_value());
    CHECK(one.status == AuthorizationStatus::deactivated);
    CHECK_FALSE(deactivate(one, kOrderNow).has_value());
  }
  auto invalid = authorization(AuthorizationStatus::invalid);
  CHECK(deactivate(invalid, kOrderNow).error().type == ProblemType::malformed);
}

TEST_CASE("finalizing takes an order that is ready, once") {
  const std::vector<Authorization> pending{authorization()}, valid{authorization(AuthorizationStatus::valid)};
  auto one = order();
  CHECK(begin_finalize(one, pending, kOrderNow).error().type == ProblemType::order_not_ready);
  CHECK(to_json(begin_finalize(one, pending, kOrderNow).error())["status"] == 403);
  CHECK(begin_finalize(one, valid, kOrderNow).has_value());
  CHECK(begin_finalize(one, valid, kOrderNow).error().type == ProblemType::order_not_ready);
  finalize_undone(one);
  CHECK(status_at(one, valid, kOrderNow) == OrderStatus::ready);
  CHECK(begin_finalize(one, valid, kOrderNow).has_value());
  finalize_succeeded(one, "c");
  CHECK(one.certificate == "c");
  CHECK(status_at(one, {}, kOrderNow) == OrderStatus::valid);
}
