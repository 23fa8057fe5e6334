#include "acme/store.hpp"
#include "acme/store_rows.hpp"

namespace p2p::acme {
namespace {

#define P2P_CERTIFICATE_COLUMNS "id, account, sha256, certificate_id, not_after, chain, replaced_by"

}  // namespace

Result<std::optional<StoredCertificate>> Store::read_certificate(Statement& statement) {
  const auto row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<StoredCertificate>();
  StoredCertificate out;
  out.id = statement.text(0);
  out.account = statement.text(1);
  const ByteView hash = statement.blob(2);
  if (hash.size() != out.sha256.size()) return Error(Errc::damaged, "the ACME store holds a hash of wrong length");
  std::copy(hash.begin(), hash.end(), out.sha256.begin());
  out.certificate_id = statement.text(3);
  out.not_after = to_time(statement.integer(4));
  out.chain = statement.text(5);
  out.replaced_by = statement.text(6);
  return std::optional(std::move(out));
}

Result<void> Store::complete_order(const Order& order, const StoredCertificate& certificate, WallTime now) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  auto insert = prepare("INSERT INTO certificates (" P2P_CERTIFICATE_COLUMNS
                        ", issued_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)");
  if (!insert) return insert.error();
  (*insert)->bind(1, certificate.id);
  (*insert)->bind(2, certificate.account);
  (*insert)->bind_blob(3, certificate.sha256);
  (*insert)->bind(4, certificate.certificate_id);
  (*insert)->bind(5, nanoseconds_of(certificate.not_after));
  (*insert)->bind(6, certificate.chain);
  (*insert)->bind(7, nanoseconds_of(now));
  if (const auto done = (*insert)->run(); !done) return done.error();
  auto update = prepare("UPDATE orders SET status = ?2, certificate = ?3 WHERE id = ?1 AND status = 2");
  if (!update) return update.error();
  (*update)->bind(1, order.id);
  (*update)->bind(2, static_cast<std::int64_t>(order.status));
  (*update)->bind(3, order.certificate);
  const auto updated = changes_a_row(database_, **update);
  if (!updated) return updated.error();
  if (!*updated) return Error(Errc::failed, "the order is no longer being processed");
  return transaction->commit();
}

Result<std::optional<StoredCertificate>> Store::find_certificate(std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("SELECT " P2P_CERTIFICATE_COLUMNS " FROM certificates WHERE id = ?1");
  if (!statement) return statement.error();
  (*statement)->bind(1, id);
  return read_certificate(**statement);
}

Result<std::optional<StoredCertificate>> Store::find_certificate_by_hash(const crypto::Sha256& sha256) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("SELECT " P2P_CERTIFICATE_COLUMNS " FROM certificates WHERE sha256 = ?1");
  if (!statement) return statement.error();
  (*statement)->bind_blob(1, sha256);
  return read_certificate(**statement);
}

Result<std::optional<StoredCertificate>> Store::find_certificate_by_certificate_id(std::string_view certificate_id) {
  const std::lock_guard lock(mutex_);
  auto statement = prepare("SELECT " P2P_CERTIFICATE_COLUMNS " FROM certificates WHERE certificate_id = ?1");
  if (!statement) return statement.error();
  (*statement)->bind(1, certificate_id);
  return read_certificate(**statement);
}

}  // namespace p2p::acme
