#include "acme/store.hpp"
#include "acme/store_rows.hpp"
#include "base/text.hpp"

namespace p2p::acme {
namespace {

#define P2P_AUTHORIZATION_COLUMNS \
  "id, account, kind, name, status, expires_at, token, challenge, granted, validated_at, error"

Result<Authorization> read_authorization(const Statement& row) {
  Authorization out;
  out.id = row.text(0);
  out.account = row.text(1);
  out.identifier.kind = static_cast<pki::SubjectName::Kind>(row.integer(2));
  out.identifier.text = row.text(3);
  out.status = static_cast<AuthorizationStatus>(row.integer(4));
  out.expires_at = to_time(row.integer(5));
  out.token = row.text(6);
  out.challenge = static_cast<ChallengeStatus>(row.integer(7));
  out.granted = row.integer(8) != 0;
  if (!row.is_null(9)) out.validated_at = to_time(row.integer(9));
  auto error = json_of(row, 10);
  if (!error) return error.error();
  out.error = std::move(*error);
  return out;
}

/// The row that a statement with bound parameters finds, if any.
Result<std::optional<Authorization>> read_one(Statement& statement) {
  const auto row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<Authorization>();
  auto authorization = read_authorization(statement);
  if (!authorization) return authorization.error();
  return std::optional(std::move(*authorization));
}

void bind_outcome(Statement& statement, int first, const Authorization& authorization) {
  statement.bind(first, static_cast<std::int64_t>(authorization.status));
  statement.bind(first + 1, nanoseconds_of(authorization.expires_at));
  statement.bind(first + 2, static_cast<std::int64_t>(authorization.challenge));
  if (authorization.validated_at)
    statement.bind(first + 3, nanoseconds_of(*authorization.validated_at));
  else
    statement.bind_null(first + 3);
}

}  // namespace

Result<void> Store::insert_authorization(const Authorization& authorization) {
  auto statement = prepare(
      "INSERT INTO authorizations (id, account, kind, name, token, granted, status, expires_at, challenge, "
      "validated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  if (!statement) return statement.error();
  (*statement)->bind(1, authorization.id);
  (*statement)->bind(2, authorization.account);
  (*statement)->bind(3, static_cast<std::int64_t>(authorization.identifier.kind));
  (*statement)->bind(4, authorization.identifier.text);
  (*statement)->bind(5, authorization.token);
  (*statement)->bind(6, std::int64_t{authorization.granted});
  bind_outcome(**statement, 7, authorization);
  return (*statement)->run();
}

Result<std::optional<Authorization>> Store::find_authorization(std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("SELECT " P2P_AUTHORIZATION_COLUMNS " FROM authorizations WHERE id = ?1");
  if (!statement) return statement.error();
  (*statement)->bind(1, id);
  return read_one(**statement);
}

Result<std::vector<Authorization>> Store::find_authorizations(std::span<const std::string> ids) {
  std::vector<Authorization> out;
  for (const auto& id : ids) {
    auto found = find_authorization(id);
    if (!found) return found.error();
    if (*found) out.push_back(std::move(**found));
  }
  return out;
}

Result<std::optional<Authorization>> Store::find_valid_authorization(std::string_view account,
                                                                     const pki::SubjectName& name, WallTime until) {
  const std::lock_guard lock(mutex_);
  auto statement =
      prepare("SELECT " P2P_AUTHORIZATION_COLUMNS
              " FROM authorizations WHERE status = 1 AND account = ?1 AND name = ?2 AND kind = ?3 AND expires_at >= ?4 "
              "ORDER BY granted LIMIT 1");
  if (!statement) return statement.error();
  (*statement)->bind(1, account);
  (*statement)->bind(2, name.text);
  (*statement)->bind(3, static_cast<std::int64_t>(name.kind));
  (*statement)->bind(4, nanoseconds_of(until));
  return read_one(**statement);
}

Result<bool> Store::update_authorization(const Authorization& authorization, AuthorizationStatus from,
                                         ChallengeStatus challenge_from) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare(
      "UPDATE authorizations SET status = ?2, expires_at = ?3, challenge = ?4, validated_at = ?5, error = ?6 "
      "WHERE id = ?1 AND status = ?7 AND challenge = ?8");
  if (!statement) return statement.error();
  const std::string error = text_of(authorization.error);
  (*statement)->bind(1, authorization.id);
  bind_outcome(**statement, 2, authorization);
  bind_optional(**statement, 6, error);
  (*statement)->bind(7, static_cast<std::int64_t>(from));
  (*statement)->bind(8, static_cast<std::int64_t>(challenge_from));
  return changes_a_row(database_, **statement);
}

Result<std::vector<Authorization>> Store::processing_authorizations() {
  const std::lock_guard lock(mutex_);
  auto statement =
      prepare("SELECT " P2P_AUTHORIZATION_COLUMNS " FROM authorizations WHERE challenge = 1 AND status = 0");
  if (!statement) return statement.error();
  std::vector<Authorization> out;
  for (;;) {
    auto found = read_one(**statement);
    if (!found) return found.error();
    if (!*found) return out;
    out.push_back(std::move(**found));
  }
}

}  // namespace p2p::acme
