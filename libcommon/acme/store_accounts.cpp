#include <fmt/format.h>

#include "acme/store.hpp"
#include "acme/store_rows.hpp"

namespace p2p::acme {
namespace {

#define P2P_ACCOUNT_COLUMNS "id, thumbprint, bound_thumbprint, jwk, contact, status, kid, binding"

Result<Account> read_account(const Statement& row) {
  Account out;
  out.id = row.text(0);
  out.thumbprint = row.text(1);
  out.bound_thumbprint = row.text(2);
  auto jwk = json_of(row, 3);
  auto contact = json_of(row, 4);
  auto binding = json_of(row, 7);
  for (const auto* json : {&jwk, &contact, &binding}) {
    if (!*json) return json->error();
  }
  out.jwk = std::move(*jwk);
  for (const auto& one : *contact) {
    if (const auto* text = one.get_ptr<const std::string*>()) out.contact.push_back(*text);
  }
  out.status = static_cast<AccountStatus>(row.integer(5));
  out.kid = row.text(6);
  out.binding = std::move(*binding);
  return out;
}

}  // namespace

Result<std::optional<Account>> Store::account_where(const char* sql, std::string_view key) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  (*statement)->bind(1, key);
  const auto row = (*statement)->step();
  if (!row) return row.error();
  if (!*row) return std::optional<Account>();
  auto account = read_account(**statement);
  if (!account) return account.error();
  return std::optional(std::move(*account));
}

Result<std::optional<Account>> Store::find_account(std::string_view id) {
  return account_where("SELECT " P2P_ACCOUNT_COLUMNS " FROM accounts WHERE id = ?1", id);
}

Result<std::optional<Account>> Store::find_account_by_key(std::string_view thumbprint) {
  return account_where("SELECT " P2P_ACCOUNT_COLUMNS " FROM accounts WHERE thumbprint = ?1", thumbprint);
}

Result<void> Store::add_account(const Account& account, WallTime now, std::size_t max_accounts) {
  const std::lock_guard lock(mutex_);
  const auto count = number("SELECT count(*) FROM accounts");
  if (!count) return count.error();
  if (*count >= static_cast<std::int64_t>(max_accounts)) {
    return Error(Errc::limited, fmt::format("there are {} ACME accounts already", *count));
  }
  auto statement = prepare("INSERT INTO accounts (" P2P_ACCOUNT_COLUMNS
                           ", used_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?7 = '' OR NOT EXISTS"
                           " (SELECT 1 FROM accounts WHERE kid = ?7 AND bound_thumbprint = ?3)"
                           " ON CONFLICT (thumbprint) DO NOTHING");
  if (!statement) return statement.error();
  Statement& insert = **statement;
  const std::string jwk = dump_json(account.jwk), contact = dump_json(account.contact),
                    binding = text_of(account.binding);
  insert.bind(1, account.id);
  insert.bind(2, account.thumbprint);
  insert.bind(3, account.bound_thumbprint);
  insert.bind(4, jwk);
  insert.bind(5, contact);
  insert.bind(6, static_cast<std::int64_t>(account.status));
  insert.bind(7, account.kid);
  bind_optional(insert, 8, binding);
  insert.bind(9, nanoseconds_of(now));
  const auto added = changes_a_row(database_, insert);
  if (!added) return added.error();
  if (!*added) return Error(Errc::exists, "another ACME account has this key or binding");
  return {};
}

Result<bool> Store::update_account(const Account& account, std::string_view from) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare(
      "UPDATE OR IGNORE accounts SET thumbprint = ?2, jwk = ?3, contact = ?4, status = ?5 "
      "WHERE id = ?1 AND thumbprint = ?6 AND status = 0");
  if (!statement) return statement.error();
  Statement& update = **statement;
  const std::string jwk = dump_json(account.jwk), contact = dump_json(account.contact);
  update.bind(1, account.id);
  update.bind(2, account.thumbprint);
  update.bind(3, jwk);
  update.bind(4, contact);
  update.bind(5, static_cast<std::int64_t>(account.status));
  update.bind(6, from);
  return changes_a_row(database_, update);
}

}  // namespace p2p::acme
