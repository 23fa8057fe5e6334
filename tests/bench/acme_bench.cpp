// Complete ACME orders a second: new-order, authorization, finalize and download of the certificate, ECDSA P-256. The
// server signs and stores for real, the clients make keys and sign requests; all of it is in the measure, HTTP and TLS
// are not. The aim is 200 a second on two cores. usage: acme_bench [SECONDS]
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <thread>

#include "../unit/acme/csr_maker.hpp"
#include "../unit/acme/memory_issuance.hpp"
#include "../unit/base/temporary_folder.hpp"
#include "acme/server.hpp"
#include "base/system_clock.hpp"
#include "crypto/jwk.hpp"
#include "crypto/jws.hpp"
#include "crypto/key.hpp"

using namespace p2p;
namespace asio = boost::asio;

namespace {

const std::string kBase = "https://ca.example:8001";
constexpr unsigned kClients = 4;

/// Every name of this benchmark comes with an invitation.
class NoValidator final : public acme::Validator {
 public:
  asio::awaitable<Result<void>> validate_http01(pki::SubjectName, acme::Applicant, std::string, std::string) override {
    co_return Error(Errc::unsupported, "nothing is validated here");
  }
};

struct Wire {
  asio::io_context& loop;
  const net::Router& router;

  net::Response send(net::Method method, const std::string& url, std::string body) const {
    net::Request request;
    request.method = method;
    request.path = url.substr(kBase.size());
    request.headers.set("Content-Type", "application/jose+json");
    request.body = std::move(body);
    auto match = router.find(method, request.path);
    request.captured = std::move(match.captured);
    return asio::co_spawn(loop, match.route->handler(request), asio::use_future).get();
  }
};

class Client {
 public:
  explicit Client(const Wire& wire) : wire_(wire), key_(crypto::generate_key(crypto::KeyType::ecdsa_p256).value()) {}

  void join(test::MemoryIssuance& issuance, const std::string& name) {
    name_ = name;
    const auto kid = "kid-" + name;
    const auto mac_key = issuance.invite({kid, name, pki::Role::worker, {}, WallTime::max()}).key;
    const auto url = kBase + "/acme/new-account";
    const Json jwk = crypto::to_jwk(*key_).value();
    const Json binding =
        crypto::sign_jws({{"kid", kid}, {"url", url}}, jwk.dump(), crypto::Secret(std::string_view(mac_key))).value();
    nonce_ = wire_.send(net::Method::head, kBase + "/acme/new-nonce", "").headers.get("Replay-Nonce");
    signer_ = {{"jwk", jwk}};
    const auto answer = post(url, Json{{"externalAccountBinding", binding}}.dump(), 201);
    signer_ = {{"kid", answer.headers.get("Location")}};
  }

  void obtain() {
    const pki::SubjectName name{pki::SubjectName::Kind::dns, name_};
    const Json identifiers = Json::array({Json{{"type", "dns"}, {"value", name_}}});
    const Json order = json(post(kBase + "/acme/new-order", Json{{"identifiers", identifiers}}.dump(), 201));
    if (json(post(order["authorizations"][0], "", 200))["status"] != "valid") fail("authorization");
    const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
    const Json csr{{"csr", to_base64url(test::make_csr({name}, *key))}};
    const Json done = json(post(order["finalize"], csr.dump(), 200));
    if (!post(done["certificate"], "", 200).body.starts_with("-----BEGIN")) fail("certificate");
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    std::fprintf(stderr, "acme_bench: %s\n", what.c_str());
    std::exit(1);
  }
  static Json json(const net::Response& response) { return parse_json(response.body).value(); }

  net::Response post(const std::string& url, const std::string& payload, unsigned status) {
    Json header = signer_;
    header["url"] = url;
    header["nonce"] = nonce_;
    auto out = wire_.send(net::Method::post, url, crypto::sign_jws(header, payload, *key_).value().dump());
    if (out.status != status) fail(url + ": " + out.body);
    nonce_ = out.headers.get("Replay-Nonce");
    return out;
  }

  const Wire& wire_;
  crypto::KeyPtr key_;
  std::string name_;
  std::string nonce_;
  Json signer_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds duration(argc > 1 ? std::atoi(argv[1]) : 5);
  const TemporaryFolder folder;
  const SystemClock clock;
  NullLogSink log;
  test::MemoryIssuance issuance(clock.wall());
  NoValidator validator;
  const auto store = acme::Store::open(folder.path() / "acme.db").value();
  asio::io_context loop;
  net::BlockingPool pool(2);
  acme::ServerSettings settings;
  settings.base_url = kBase;
  settings.order_limits.certificates = std::numeric_limits<std::size_t>::max();
  acme::Server server(loop.get_executor(), settings, {*store, issuance, validator, pool, clock, log});
  net::Router router;
  server.add_routes(router);
  auto work = asio::make_work_guard(loop);
  std::thread loop_thread([&] { loop.run(); });

  const Wire wire{loop, router};
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(wire));
    clients.back()->join(issuance, "worker-" + std::to_string(i));
  }
  std::atomic<std::uint64_t> orders = 0;
  const auto start = clock.monotonic();
  std::vector<std::thread> threads;
  for (auto& client : clients) {
    threads.emplace_back([&] {
      while (clock.monotonic() - start < duration) {
        client->obtain();
        ++orders;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(clock.monotonic() - start).count();
  work.reset();
  loop_thread.join();
  std::printf("%.0f complete orders a second (%llu in %.1f s, %u clients, %u cores); aim: 200\n",
              static_cast<double>(orders) / seconds, static_cast<unsigned long long>(orders), seconds, kClients,
              std::thread::hardware_concurrency());
  return 0;
}
