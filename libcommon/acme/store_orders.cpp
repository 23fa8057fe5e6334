#include <fmt/format.h>

#include <limits>

#include "acme/store.hpp"
#include "acme/store_rows.hpp"
#include "base/text.hpp"

namespace p2p::acme {
namespace {

#define P2P_ORDER_COLUMNS "id, account, status, identifiers, authorizations, expires_at, certificate, replaces, error"

Result<Order> read_order(const Statement& row) {
  Order out;
  out.id = row.text(0);
  out.account = row.text(1);
  out.status = static_cast<OrderStatus>(row.integer(2));
  auto identifiers = names_of(row, 3);
  if (!identifiers) return identifiers.error();
  out.identifiers = std::move(*identifiers);
  out.authorizations = split(row.text(4), ' ');
  out.expires_at = to_time(row.integer(5));
  out.certificate = row.text(6);
  out.replaces = row.text(7);
  auto error = json_of(row, 8);
  if (!error) return error.error();
  out.error = std::move(*error);
  return out;
}

}  // namespace

Result<Store::Tally> Store::tally(const char* sql, std::string_view account, WallTime after) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  (*statement)->bind(1, account);
  (*statement)->bind(2, nanoseconds_of(after));
  if (const auto row = (*statement)->step(); !row) return row.error();
  return Tally{static_cast<std::size_t>((*statement)->integer(0)), to_time((*statement)->integer(1))};
}

Result<std::optional<OverLimit>> Store::check_limits(std::string_view account, WallTime now,
                                                     const OrderLimits& limits) {
  const auto open = tally(
      "SELECT count(*), min(expires_at) FROM orders "
      "WHERE account = ?1 AND expires_at > ?2 AND status IN (0, 2)",
      account, now);
  if (!open) return open.error();
  if (open->count >= limits.open_orders) {
    return std::optional(OverLimit{fmt::format("the account has {} open orders already", open->count), open->earliest});
  }
  const auto issued = tally("SELECT count(*), min(issued_at) FROM certificates WHERE account = ?1 AND issued_at > ?2",
                            account, now - limits.window);
  if (!issued) return issued.error();
  if (issued->count + open->count < limits.certificates) return std::optional<OverLimit>();
  const auto hours = std::chrono::ceil<std::chrono::hours>(limits.window).count();
  return std::optional(
      OverLimit{fmt::format("an account gets at most {} certificates in {} hours", limits.certificates, hours),
                issued->count > 0 ? issued->earliest + limits.window : open->earliest});
}

Result<void> Store::insert_order(const Order& order) {
  auto statement =
      prepare("INSERT INTO orders (" P2P_ORDER_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, NULL)");
  if (!statement) return statement.error();
  const std::string identifiers = names_text(order.identifiers), authorizations = join(order.authorizations, " ");
  (*statement)->bind(1, order.id);
  (*statement)->bind(2, order.account);
  (*statement)->bind(3, static_cast<std::int64_t>(order.status));
  (*statement)->bind(4, identifiers);
  (*statement)->bind(5, authorizations);
  (*statement)->bind(6, nanoseconds_of(order.expires_at));
  bind_optional(**statement, 7, order.replaces);
  return (*statement)->run();
}

Result<std::optional<OverLimit>> Store::add_order(const Order& order, std::span<const Authorization> fresh,
                                                  WallTime now, const OrderLimits& limits) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  auto over = check_limits(order.account, now, limits);
  if (!over || *over) return over;
  for (const auto& authorization : fresh) {
    if (const auto added = insert_authorization(authorization); !added) return added.error();
  }
  if (const auto added = insert_order(order); !added) return added.error();
  auto use = prepare("UPDATE accounts SET used_at = ?2 WHERE id = ?1");
  if (!use) return use.error();
  (*use)->bind(1, order.account);
  (*use)->bind(2, nanoseconds_of(now));
  if (const auto done = (*use)->run(); !done) return done.error();
  if (!order.replaces.empty()) {
    auto replace = prepare("UPDATE certificates SET replaced_by = ?2 WHERE certificate_id = ?1");
    if (!replace) return replace.error();
    (*replace)->bind(1, order.replaces);
    (*replace)->bind(2, order.id);
    if (const auto done = (*replace)->run(); !done) return done.error();
  }
  if (const auto done = transaction->commit(); !done) return done.error();
  return over;
}

Result<std::optional<Order>> Store::find_order(std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("SELECT " P2P_ORDER_COLUMNS " FROM orders WHERE id = ?1");
  if (!statement) return statement.error();
  (*statement)->bind(1, id);
  const auto row = (*statement)->step();
  if (!row) return row.error();
  if (!*row) return std::optional<Order>();
  auto order = read_order(**statement);
  if (!order) return order.error();
  return std::optional(std::move(*order));
}

Result<Store::OrderPage> Store::orders_of(std::string_view account, std::optional<std::int64_t> before,
                                          std::size_t limit) {
  const std::lock_guard lock(mutex_);
  auto statement =
      prepare("SELECT number, id FROM orders WHERE account = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3");
  if (!statement) return statement.error();
  (*statement)->bind(1, account);
  (*statement)->bind(2, before.value_or(std::numeric_limits<std::int64_t>::max()));
  (*statement)->bind(3, static_cast<std::int64_t>(limit + 1));
  OrderPage out;
  std::int64_t last = 0;
  for (;;) {
    const auto row = (*statement)->step();
    if (!row) return row.error();
    if (!*row) return out;
    if (out.ids.size() == limit) {
      out.next = last;
      return out;
    }
    last = (*statement)->integer(0);
    out.ids.emplace_back((*statement)->text(1));
  }
}

Result<bool> Store::update_order(const Order& order, OrderStatus from) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("UPDATE orders SET status = ?2, error = ?3 WHERE id = ?1 AND status = ?4");
  if (!statement) return statement.error();
  const std::string error = text_of(order.error);
  (*statement)->bind(1, order.id);
  (*statement)->bind(2, static_cast<std::int64_t>(order.status));
  bind_optional(**statement, 3, error);
  (*statement)->bind(4, static_cast<std::int64_t>(from));
  return changes_a_row(database_, **statement);
}

Result<std::int64_t> Store::fail_processing_orders(const Refusal& error) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("UPDATE orders SET status = 4, error = ?1 WHERE status = 2");
  if (!statement) return statement.error();
  const std::string text = text_of(to_json(error));
  (*statement)->bind(1, text);
  if (const auto done = (*statement)->run(); !done) return done.error();
  return database_.changed_rows();
}

}  // namespace p2p::acme
