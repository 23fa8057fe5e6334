// An ACME server in this process with a CA and a validator in memory, and a client that signs.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "acme/server.hpp"
#include "base/system_clock.hpp"
#include "crypto/jwk.hpp"
#include "crypto/key.hpp"
#include "csr_maker.hpp"
#include "memory_issuance.hpp"

namespace p2p::test {

inline constexpr char kBase[] = "https://ca.example:8001";

class TestClock final : public Clock {
 public:
  Monotonic monotonic() const override { return {}; }
  WallTime wall() const override { return now; }
  WallTime now = SystemClock().wall();
};

/// Answers as the test says: success where it says nothing.
class TestValidator final : public acme::Validator {
 public:
  boost::asio::awaitable<Result<void>> validate_http01(pki::SubjectName identifier, acme::Applicant applicant,
                                                       std::string token, std::string key_authorization) override;
  std::map<std::string, Error> failures;  ///< by name
  bool hold = false;                      ///< validations wait until release()
  void release();
  std::vector<std::string> asked;  ///< "name token key_authorization"
  std::vector<acme::Applicant> applicants;

 private:
  std::vector<std::shared_ptr<boost::asio::steady_timer>> held_;
};

struct ServerFixture {
  explicit ServerFixture(acme::ServerSettings settings = {});
  ~ServerFixture();

  /// One request through the route table.
  net::Response send(net::Method method, const std::string& url, std::string body = {},
                     const std::string& content_type = "application/jose+json");
  /// Runs the server's loop until the condition holds; fails the test after ten seconds.
  void run_until(const std::function<bool()>& condition);
  /// Until no validation is under way.
  void settle();
  /// Another server on the same store, as after a restart.
  void restart();
  void stop();

  acme::Grant worker(const std::string& name = "worker-1", std::vector<pki::SubjectName> names = {}) const;

  TemporaryFolder folder;
  TestClock clock;
  NullLogSink log;
  acme::ServerSettings settings;
  std::unique_ptr<acme::Store> store;
  MemoryIssuance issuance{clock.now};
  boost::asio::io_context loop;
  TestValidator validator;  // its timers are of the loop
  std::unique_ptr<net::BlockingPool> pool = std::make_unique<net::BlockingPool>(2);
  std::unique_ptr<acme::Server> server;
  std::unique_ptr<net::Router> router;
  /// Requests come from a node that shows this certificate; none: from anybody.
  std::optional<pki::CertificateId> shown;
};

/// Settings without external account binding.
acme::ServerSettings open_to_all();

Json body_of(const net::Response& response);
/// The last part of the problem's type, `badNonce`; checks status and content type.
std::string problem_of(const net::Response& response);
std::string header_of(const net::Response& response, std::string_view name);
/// The target of the Link header of this relation; empty when there is none.
std::string link_of(const net::Response& response, std::string_view relation);

class TestClient {
 public:
  explicit TestClient(ServerFixture& to,
                      crypto::KeyPtr with = crypto::generate_key(crypto::KeyType::ecdsa_p256).value())
      : server(to), key(std::move(with)) {}

  using ChangeHeader = std::function<void(Json&)>;
  /// The signed body of a request, with `kid` once there is an account and `jwk` before.
  std::string sign(const std::string& url, const std::string& payload, const ChangeHeader& change = {});
  net::Response post(const std::string& url, const std::string& payload, const ChangeHeader& change = {});
  net::Response get(const std::string& url) { return post(url, ""); }

  std::string fresh_nonce();
  /// externalAccountBinding for this key.
  Json binding(const std::string& kid, const std::string& mac_key, const ChangeHeader& change = {}) const;
  /// newAccount, with the binding; keeps the account's URL on success.
  net::Response register_with(const std::string& kid, const std::string& mac_key);
  /// With a new invitation of this grant.
  void join(const acme::Grant& grant);
  net::Response new_order(const std::vector<pki::SubjectName>& names);
  /// The URL of an order that was accepted.
  std::string order(const std::vector<pki::SubjectName>& names);
  net::Response finalize(const std::string& order_url, const Bytes& csr);
  /// A whole flow; the certificate's chain.
  std::string obtain(const std::vector<pki::SubjectName>& names);

  Json jwk() const { return crypto::to_jwk(*key).value(); }
  std::string thumbprint() const { return crypto::jwk_thumbprint(*key).value(); }

  ServerFixture& server;
  crypto::KeyPtr key;
  std::string kid;
  std::string nonce;
};

inline pki::SubjectName dns(std::string text) { return {pki::SubjectName::Kind::dns, std::move(text)}; }
inline pki::SubjectName ip(std::string text) { return {pki::SubjectName::Kind::ip, std::move(text)}; }

}  // namespace p2p::test
