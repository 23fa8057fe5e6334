// What the ACME server remembers: accounts, orders, authorizations, certificates; in one SQLite file (`ca/acme.db`).
// It churns and is bounded by expiry; what must never be lost (certificates, revocations, invitations) is in the
// inventory of the CA. An order that a power cut takes back is made again by its client.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acme/order.hpp"
#include "base/sqlite.hpp"
#include "crypto/digest.hpp"

namespace p2p::acme {

/// A certificate that was issued for an order.
struct StoredCertificate {
  std::string id;
  std::string account;
  crypto::Sha256 sha256{};     ///< of the leaf's DER
  std::string certificate_id;  ///< as in RFC 9773
  WallTime not_after{};
  std::string chain;        ///< PEM, leaf first; empty once its time for being fetched is over
  std::string replaced_by;  ///< the order that named it in `replaces`
};

/// How long things are kept after they were of use.
struct Retention {
  std::chrono::seconds orders{std::chrono::hours{1}};           ///< past their expiry; authorizations too
  std::chrono::seconds chains{std::chrono::hours{24 * 7}};      ///< since issuance
  std::chrono::seconds accounts{std::chrono::hours{24 * 400}};  ///< without orders and certificates, since last use
};

/// How much of the CA one account may take up. Each use of an invitation makes one account.
struct OrderLimits {
  std::size_t open_orders = 10;  ///< neither finished nor expired, whatever became of their authorizations
  /// Issued within the window; open orders count as well, so that they cannot all be finalized at once.
  std::size_t certificates = 50;
  std::chrono::seconds window{std::chrono::hours{24}};
};

/// Why an account gets no further order now, and when it may ask again.
struct OverLimit {
  std::string why;
  WallTime until{};
};

/// Thread-safe; every member blocks. `limited` when the disk is full, `damaged` when the file is.
class Store {
 public:
  /// Makes the file and its folder where they are missing. `unsupported` for a file of a later version.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path);

  /// `exists` when another account has the key (thumbprint), or was made with the same invitation and key and has
  /// another key now; `limited` when there are `max_accounts` already.
  Result<void> add_account(const Account& account, WallTime now, std::size_t max_accounts);
  Result<std::optional<Account>> find_account(std::string_view id);
  Result<std::optional<Account>> find_account_by_key(std::string_view thumbprint);
  /// Key, contact and status, if the account is still valid and has the key `from`; false otherwise, and when another
  /// account has the new key.
  Result<bool> update_account(const Account& account, std::string_view from);

  /// With those of its authorizations that are new; the account is in use now. Nothing is added when the account would
  /// go over its limits.
  Result<std::optional<OverLimit>> add_order(const Order& order, std::span<const Authorization> fresh, WallTime now,
                                             const OrderLimits& limits);
  Result<std::optional<Order>> find_order(std::string_view id);
  /// Newest first; those before the order with number `before`, which next is set to when there are more.
  struct OrderPage {
    std::vector<std::string> ids;
    std::optional<std::int64_t> next;
  };
  Result<OrderPage> orders_of(std::string_view account, std::optional<std::int64_t> before, std::size_t limit);
  /// Status and error, if the stored status is still `from`; false otherwise.
  Result<bool> update_order(const Order& order, OrderStatus from);
  /// A processing order that is now valid, with its certificate.
  Result<void> complete_order(const Order& order, const StoredCertificate& certificate, WallTime now);
  /// Orders that a stopped process left processing become invalid, with `error`; how many.
  Result<std::int64_t> fail_processing_orders(const Refusal& error);

  /// Those that are there, in no particular order.
  Result<std::vector<Authorization>> find_authorizations(std::span<const std::string> ids);
  Result<std::optional<Authorization>> find_authorization(std::string_view id);
  /// A valid one of this account that lasts until `until`.
  Result<std::optional<Authorization>> find_valid_authorization(std::string_view account, const pki::SubjectName& name,
                                                                WallTime until);
  /// If its stored states are still those given; false otherwise.
  Result<bool> update_authorization(const Authorization& authorization, AuthorizationStatus from,
                                    ChallengeStatus challenge_from);
  /// Validations that a stopped process left behind.
  Result<std::vector<Authorization>> processing_authorizations();

  Result<std::optional<StoredCertificate>> find_certificate(std::string_view id);
  Result<std::optional<StoredCertificate>> find_certificate_by_hash(const crypto::Sha256& sha256);
  Result<std::optional<StoredCertificate>> find_certificate_by_certificate_id(std::string_view certificate_id);

  /// Deletes what has expired and gives the space back to the file system; how many rows went. Others get their turn
  /// in between.
  Result<std::int64_t> sweep(const Retention& retention, WallTime now);

 private:
  /// A statement in use; reset when the use ends. One that stays open keeps its read transaction, and the write-ahead
  /// log then grows without end.
  class Prepared {
   public:
    explicit Prepared(Statement& statement) : statement_(&statement) {}
    Prepared(Prepared&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Prepared& operator=(Prepared&&) = delete;
    ~Prepared() {
      if (statement_ != nullptr) statement_->reset();
    }
    Statement* operator->() const { return statement_; }
    Statement& operator*() const { return *statement_; }

   private:
    Statement* statement_;
  };

  explicit Store(Database database) : database_(std::move(database)) {}
  Result<Prepared> prepare(const char* sql);
  Result<std::int64_t> number(const char* sql);
  Result<std::optional<Account>> account_where(const char* sql, std::string_view key);
  Result<std::optional<StoredCertificate>> read_certificate(Statement& statement);
  struct Tally {
    std::size_t count = 0;
    WallTime earliest{};
  };
  /// Of the rows of an account after a time: ?1 and ?2 of `sql`.
  Result<Tally> tally(const char* sql, std::string_view account, WallTime after);
  Result<std::optional<OverLimit>> check_limits(std::string_view account, WallTime now, const OrderLimits& limits);
  Result<void> insert_order(const Order& order);
  Result<void> insert_authorization(const Authorization& authorization);
  Result<std::int64_t> delete_batch(const char* sql, WallTime before);
  Result<void> give_space_back();

  std::mutex mutex_;
  Database database_;                          // under mutex_
  std::map<std::string, Statement> prepared_;  // under mutex_; by their text
};

}  // namespace p2p::acme
