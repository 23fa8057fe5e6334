#include "acme/store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "../temporary_folder.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;
using namespace p2p::acme;
namespace fs = std::filesystem;

namespace {

const WallTime kNow{std::chrono::seconds{1'800'000'000}};

struct StoreFixture {
  TemporaryFolder folder;
  fs::path path = folder.path() / "ca" / "acme.db";
  std::unique_ptr<Store> store = Store::open(path).value();

  std::uintmax_t bytes() const {
    std::uintmax_t out = 0;
    for (const auto& file : fs::directory_iterator(path.parent_path())) out += file.file_size();
    return out;
  }
};

Account account(const std::string& id) {
  Account out;
  out.id = id;
  out.thumbprint = out.bound_thumbprint = "thumbprint of " + id;
  out.jwk = {{"kty", "EC"}};
  out.contact = {"mailto:a@b"};
  out.kid = "kid";
  return out;
}

Authorization authorization(const std::string& id) {
  Authorization out;
  out.id = id;
  out.account = "a";
  out.identifier = {pki::SubjectName::Kind::dns, "worker-1.example"};
  out.expires_at = kNow + std::chrono::hours(8);
  out.token = "aaaaaaaaaaaaaaaaaaaaaa";
  return out;
}

Order order(const std::string& id, std::vector<std::string> authorizations) {
  Order out;
  out.id = id;
  out.account = "a";
  out.identifiers = {{pki::SubjectName::Kind::dns, "worker-1.example"}, {pki::SubjectName::Kind::ip, "10.0.0.1"}};
  out.authorizations = std::move(authorizations);
  out.expires_at = kNow + std::chrono::hours(8);
  return out;
}

StoredCertificate certificate(const std::string& id) {
  StoredCertificate out;
  out.id = id;
  out.account = "a";
  out.sha256[0] = static_cast<std::uint8_t>(id[0]);
  out.certificate_id = id + ".x";
  out.not_after = kNow + std::chrono::hours(24 * 365);
  out.chain = "pem";
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(StoreFixture, "what is stored is there after opening again") {
  REQUIRE(store->add_account(account("a"), kNow, 10).has_value());
  const auto z = authorization("z");
  auto made = order("o", {"z", "y"});
  made.replaces = "c.x";
  REQUIRE(store->add_order(made, std::span(&z, 1), kNow, {}).has_value());
  store = Store::open(path).value();
  const auto found = store->find_order("o").value().value();
  CHECK(found.identifiers == made.identifiers);
  CHECK(found.authorizations == made.authorizations);
  CHECK(found.expires_at == made.expires_at);
  CHECK(found.replaces == "c.x");
  const auto holder = store->find_account_by_key("thumbprint of a").value().value();
  CHECK(holder.id == "a");
  CHECK(holder.contact == account("a").contact);
  CHECK(holder.jwk == account("a").jwk);
  CHECK(holder.binding.is_null());
  CHECK(store->find_authorizations(made.authorizations).value().size() == 1);
  CHECK_FALSE(store->find_order("other").value().has_value());
}

TEST_CASE_FIXTURE(StoreFixture, "the file is its owner's alone, and of a known version") {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  store.reset();
  auto database = Database::open(path, Database::Mode::create).value();
  REQUIRE(database.execute("PRAGMA user_version = 99").has_value());
  CHECK(Store::open(path).error().kind() == Errc::unsupported);
}

TEST_CASE_FIXTURE(StoreFixture, "one account a key") {
  REQUIRE(store->add_account(account("a"), kNow, 10).has_value());
  auto second = account("b");
  second.thumbprint = "thumbprint of a";
  CHECK(store->add_account(second, kNow, 10).error().kind() == Errc::exists);
  REQUIRE(store->add_account(account("b"), kNow, 10).has_value());
  CHECK_FALSE(store->update_account(second, "thumbprint of b").value());
  CHECK(store->add_account(account("c"), kNow, 2).error().kind() == Errc::limited);
}

TEST_CASE_FIXTURE(StoreFixture, "two changes of an account at once do not undo each other") {
  REQUIRE(store->add_account(account("a"), kNow, 10).has_value());
  auto rolled = account("a"), contacted = account("a"), left = account("a");
  rolled.thumbprint = "new";
  contacted.contact.clear();
  left.status = AccountStatus::deactivated;
  CHECK(store->update_account(rolled, "thumbprint of a").value());
  CHECK_FALSE(store->update_account(contacted, "thumbprint of a").value());
  left.thumbprint = rolled.thumbprint;
  CHECK(store->update_account(left, "new").value());
  CHECK_FALSE(store->update_account(rolled, "new").value());
  const auto now = store->find_account("a").value().value();
  CHECK(now.thumbprint == "new");
  CHECK(now.status == AccountStatus::deactivated);
}

TEST_CASE_FIXTURE(StoreFixture, "of two that finalize at once one wins") {
  auto one = order("o", {"z"});
  REQUIRE(store->add_order(one, {}, kNow, {}).has_value());
  one.status = OrderStatus::processing;
  CHECK(store->update_order(one, OrderStatus::pending).value());
  CHECK_FALSE(store->update_order(one, OrderStatus::pending).value());
  one.status = OrderStatus::valid;
  one.certificate = "c";
  REQUIRE(store->complete_order(one, certificate("c"), kNow).has_value());
  CHECK_FALSE(store->complete_order(one, certificate("d"), kNow).has_value());
  CHECK(store->find_certificate("c").value()->chain == "pem");
  CHECK_FALSE(store->find_certificate("d").value().has_value());
}

TEST_CASE_FIXTURE(StoreFixture, "orders that were processing when the process died are failed") {
  auto one = order("o", {"z"});
  REQUIRE(store->add_order(one, {}, kNow, {}).has_value());
  one.status = OrderStatus::processing;
  REQUIRE(store->update_order(one, OrderStatus::pending).value());
  CHECK(store->fail_processing_orders(Refusal(ProblemType::server_internal, "stopped")).value() == 1);
  const auto found = store->find_order("o").value().value();
  CHECK(found.status == OrderStatus::invalid);
  CHECK(found.error["detail"] == "stopped");
}

TEST_CASE_FIXTURE(StoreFixture, "an order whose authorizations cannot be stored is not stored either") {
  const auto z = authorization("z");
  REQUIRE(store->add_order(order("o", {"z"}), std::span(&z, 1), kNow, {}).has_value());
  CHECK_FALSE(store->add_order(order("p", {"z"}), std::span(&z, 1), kNow, {}).has_value());
  CHECK_FALSE(store->find_order("p").value().has_value());
  CHECK(store->add_order(order("q", {"z"}), {}, kNow, {}).has_value());
}

TEST_CASE_FIXTURE(StoreFixture, "accounts stay as long as they are of use") {
  REQUIRE(store->add_account(account("a"), kNow, 10).has_value());
  REQUIRE(store->add_account(account("b"), kNow, 10).has_value());
  auto one = order("o", {"z"});
  one.status = OrderStatus::processing;
  REQUIRE(store->add_order(one, {}, kNow, {}).has_value());
  one.status = OrderStatus::valid;
  one.certificate = "c";
  auto long_lived = certificate("c");
  long_lived.not_after = kNow + std::chrono::hours(24 * 1000);
  REQUIRE(store->complete_order(one, long_lived, kNow).has_value());
  REQUIRE(store->sweep({}, kNow + std::chrono::hours(24 * 401)).has_value());
  CHECK(store->find_account("a").value().has_value());
  CHECK_FALSE(store->find_account("b").value().has_value());
  REQUIRE(store->sweep({}, kNow + std::chrono::hours(24 * 1001)).has_value());
  CHECK_FALSE(store->find_account("a").value().has_value());
}

// The aim is 100,000 orders and 50 MB; a tenth of both keeps the test quick.
TEST_CASE_FIXTURE(StoreFixture, "10,000 abandoned orders leave less than 5 MB, and give back what they took") {
  constexpr int kOrders = 10'000;
  REQUIRE(store->add_account(account("a"), kNow, 10).has_value());
  for (int i = 0; i < kOrders; ++i) {
    const auto z = authorization("authorization-" + std::to_string(i));
    // Spread over accounts, as the number that one may have open is limited and counted.
    auto one = order("order-of-22-letters-" + std::to_string(i), {z.id});
    one.account = "a" + std::to_string(i / 100);
    REQUIRE(store->add_order(one, std::span(&z, 1), kNow, {.open_orders = 1000, .certificates = 1000}).has_value());
  }
  const auto before = bytes();
  CHECK(before < 20'000'000);
  CHECK(store->sweep({}, kNow + std::chrono::hours(10)).value() == 2 * kOrders);
  CHECK(bytes() < 5'000'000);
  CHECK(bytes() < before / 3);
}
