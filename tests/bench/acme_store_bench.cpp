// What abandoned ACME orders leave on disk: 100,000 of them, each with an authorization, before and after they expired.
// The aim is less than 50 MB after. usage: acme_store_bench
#include <cstdio>

#include "../unit/temporary_folder.hpp"
#include "acme/store.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

constexpr int kOrders = 100'000;
constexpr int kOrdersOfAccount = 10;  // as many as a coordinator lets one have open
const WallTime kNow{std::chrono::seconds{1'800'000'000}};

double megabytes_in(const std::filesystem::path& folder) {
  std::uintmax_t out = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) out += file.file_size();
  return static_cast<double>(out) / 1e6;
}

void abandon(acme::Store& store, int number) {
  acme::Authorization authorization;
  authorization.id = "authorization-of-22-" + std::to_string(number);
  authorization.account = "account-of-22-letters-" + std::to_string(number / kOrdersOfAccount);
  authorization.identifier = {pki::SubjectName::Kind::dns, "worker-1.shop.example"};
  authorization.expires_at = kNow + std::chrono::hours(1);
  authorization.token = "a-token-of-22-letters-";
  acme::Order order;
  order.id = "order-of-22-letters-" + std::to_string(number);
  order.account = authorization.account;
  order.identifiers = {authorization.identifier};
  order.authorizations = {authorization.id};
  order.expires_at = authorization.expires_at;
  if (const auto over = store.add_order(order, {&authorization, 1}, kNow, {}).value())
    throw std::runtime_error(over->why);
}

}  // namespace

int main() {
  const TemporaryFolder folder;
  const auto store = acme::Store::open(folder.path() / "acme.db").value();
  for (int i = 0; i < kOrders; ++i) abandon(*store, i);
  const double before = megabytes_in(folder.path());
  const auto swept = store->sweep({}, kNow + std::chrono::hours(3)).value();
  const double after = megabytes_in(folder.path());
  std::printf("%d abandoned orders: %.1f MB; after expiry %.1f MB (%lld rows went; under 50 MB)\n", kOrders, before,
              after, static_cast<long long>(swept));
  return after < 50 ? 0 : 1;
}
