// Our ACME client against Pebble; run by with_pebble.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <optional>

#include "../unit/acme/support/certificate_request.hpp"
#include "acme/account_key.hpp"
#include "acme/certificate_id.hpp"
#include "acme/client.hpp"
#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "crypto/key.hpp"
#include "pki/certificate.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE_MESSAGE(value != nullptr, name, " is not set: run this by with_pebble");
  return value;
}

/// Someone who asks Pebble, on a loop that runs for each question.
class Asker {
 public:
  explicit Asker(std::string account_url = {}, const AccountKey* known = nullptr)
      : key_(known != nullptr ? *known : own_key_),
        web_(loop_.get_executor(),
             net::WebTrust::of_roots(read_file(environment("P2P_PEBBLE_CA"), 1 << 16).value()).value()),
        responder_(loop_, "127.0.0.1", static_cast<std::uint16_t>(std::stoul(environment("P2P_PEBBLE_HTTP_PORT"))),
                   log_),
        mac_(std::move(MacKey::from_base64url(environment("P2P_PEBBLE_HMAC")).value())),
        client_(loop_.get_executor(), web_, account(std::move(account_url), known == nullptr), clock_, log_) {}

  ClientResult<Obtained> obtain(const test::NewRequest& request, const std::vector<std::string>& names) {
    OrderWish wish;
    for (const auto& name : names) wish.names.push_back(pki::parse_subject_name(name).value());
    wish.request_der = request.der;
    return run(client_.obtain(std::move(wish), responder_, 60s));
  }
  ClientResult<void> revoke(const pki::Certificate& certificate) { return run(client_.revoke(certificate.der(), 4)); }
  ClientResult<ClientRenewalInfo> renewal_info(const pki::Certificate& certificate) {
    const auto& facts = certificate.facts();
    return run(client_.renewal_info(to_text(pki::CertificateId{facts.issuer_key_id, facts.serial})));
  }
  const std::string& account_url() const { return client_.account_url(); }
  const AccountKey& key() const { return key_; }

 private:
  ClientAccount account(std::string url, bool is_new) {
    ClientAccount out;
    out.directory_url = environment("P2P_PEBBLE_DIRECTORY");
    out.key = &key_;
    out.account_url = std::move(url);
    if (is_new) {
      out.external_kid = environment("P2P_PEBBLE_KID");
      out.external_key = &mac_;
    }
    return out;
  }
  template <class T>
  T run(asio::awaitable<T> task) {
    std::optional<T> result;
    auto done = [&](const std::exception_ptr& thrown, T value) {
      REQUIRE((thrown == nullptr));
      result.emplace(std::move(value));
      loop_.stop();
    };
    asio::co_spawn(loop_, std::move(task), std::move(done));
    loop_.restart();
    loop_.run();
    return std::move(*result);
  }

  asio::io_context loop_{1};
  NullLogSink log_;
  SystemClock clock_;
  AccountKey own_key_ = std::move(AccountKey::generate().value());
  const AccountKey& key_;
  net::WebClient web_;
  ChallengeResponder responder_;
  MacKey mac_;
  Client client_;
};

pki::Certificate leaf_of(const ClientResult<Obtained>& obtained) {
  if (!obtained) FAIL(obtained.error().error.context);
  const auto chain = pki::read_all_certificates(obtained->chain_pem, "pebble");
  REQUIRE(chain.has_value());
  CHECK(chain->size() >= 2);
  return chain->front();
}

}  // namespace

TEST_CASE("a certificate for a name and an address is obtained, renewed by a kept account, and revoked") {
  const std::vector<std::string> kNames = {"w-1.fleet.example", "127.0.0.1"};
  const std::string kRequested = "DNS:w-1.fleet.example,IP:127.0.0.1";
  Asker first;
  const auto request = test::make_request(kRequested);
  const pki::Certificate certificate = leaf_of(first.obtain(request, kNames));
  CHECK(certificate.facts().dns_names == std::vector<std::string>{kNames[0]});
  CHECK(certificate.facts().ip_addresses == std::vector<std::string>{kNames[1]});
  CHECK(crypto::same_key(certificate.public_key(), *request.key));

  // The account's address and key are all that is kept; no invitation is needed again.
  Asker second(first.account_url(), &first.key());
  const auto renewal = test::make_request(kRequested);
  const pki::Certificate renewed = leaf_of(second.obtain(renewal, kNames));
  CHECK(renewed.facts().serial != certificate.facts().serial);
  CHECK(crypto::same_key(renewed.public_key(), *renewal.key));
  CHECK(second.account_url() == first.account_url());

  const auto info = second.renewal_info(renewed);
  if (!info) CHECK(info.error().error.kind() == Errc::unsupported);  // Pebble learnt it after 2.4

  CHECK(second.revoke(certificate).has_value());
  CHECK(second.revoke(certificate).has_value());
}

TEST_CASE("an account that the server has forgotten is made again") {
  Asker asker(environment("P2P_PEBBLE_DIRECTORY").substr(0, environment("P2P_PEBBLE_DIRECTORY").rfind('/')) +
              "/my-account/999999");
  leaf_of(asker.obtain(test::make_request("DNS:w-2.fleet.example"), {"w-2.fleet.example"}));
}

TEST_CASE("twenty certificates, with every second nonce refused") {
  Asker asker;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "w-" + std::to_string(i) + ".many.example";
    leaf_of(asker.obtain(test::make_request("DNS:" + name), {name}));
  }
}

TEST_CASE("a request for other names than the order's is refused, and the server's reason is told") {
  Asker asker;
  const auto refused = asker.obtain(test::make_request("DNS:other.example"), {"w-1.fleet.example"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().error.context.find("CSR") != std::string::npos);
}

TEST_CASE("a wrong MAC key is refused") {
  ::setenv("P2P_PEBBLE_HMAC", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1);
  Asker asker;
  const auto refused = asker.obtain(test::make_request("DNS:w-1.fleet.example"), {"w-1.fleet.example"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().error.kind() == Errc::not_permitted);
}
