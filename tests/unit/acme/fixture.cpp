#include "fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "crypto/jws.hpp"

namespace p2p::test {

namespace asio = boost::asio;

asio::awaitable<Result<void>> TestValidator::validate_http01(pki::SubjectName identifier, acme::Applicant applicant,
                                                             std::string token, std::string key_authorization) {
  applicants.push_back(applicant);
  asked.push_back(identifier.text + " " + token + " " + key_authorization);
  if (hold) {
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor);
    timer->expires_at(asio::steady_timer::time_point::max());
    held_.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    if (hold) co_return Error(Errc::cancelled, "stopped");
  }
  const auto failure = failures.find(identifier.text);
  if (failure != failures.end()) co_return failure->second;
  co_return Result<void>();
}

void TestValidator::release() {
  hold = false;
  for (const auto& timer : held_) timer->cancel();
  held_.clear();
}

acme::ServerSettings open_to_all() {
  acme::ServerSettings out;
  out.external_account_required = false;
  return out;
}

ServerFixture::ServerFixture(acme::ServerSettings with) : settings(std::move(with)) {
  settings.base_url = kBase;
  store = acme::Store::open(folder.path() / "ca" / "acme.db").value();
  restart();
}

ServerFixture::~ServerFixture() {
  stop();
  pool.reset();  // what still runs in it uses the server
}

void ServerFixture::stop() {
  bool stopped = false;
  asio::co_spawn(loop, server->stop(std::chrono::seconds(5)), [&](std::exception_ptr, bool) { stopped = true; });
  run_until([&] { return stopped; });
}

void ServerFixture::restart() {
  if (server) {
    stop();
    pool = std::make_unique<net::BlockingPool>(2);
  }
  const acme::ServerServices services{*store, issuance, validator, *pool, clock, log};
  server = std::make_unique<acme::Server>(loop.get_executor(), settings, services);
  router = std::make_unique<net::Router>();
  server->add_routes(*router);
}

void ServerFixture::run_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto work = asio::make_work_guard(loop);  // what runs in the pool alone does not keep the loop
  while (!condition()) {
    loop.restart();
    loop.run_one_until(deadline);
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

void ServerFixture::settle() {
  run_until([&] { return store->processing_authorizations().value().empty(); });
}

net::Response ServerFixture::send(net::Method method, const std::string& url, std::string body,
                                  const std::string& content_type) {
  REQUIRE(url.starts_with(kBase));
  net::Request request;
  request.method = method;
  request.path = url.substr(std::string_view(kBase).size());
  if (const auto mark = request.path.find('?'); mark != std::string::npos) {
    request.query = request.path.substr(mark + 1);
    request.path.resize(mark);
  }
  request.headers.set("Content-Type", content_type);
  request.headers.set("Host", "forged.example");
  request.body = std::move(body);
  if (shown) {
    request.caller.over_p2p = true;
    request.caller.identity = pki::Identity{"p2p", pki::Role::worker, "worker-1"};
    request.caller.certificate = shown;
  }
  const auto match = router->find(method, request.path);
  REQUIRE_MESSAGE(match.route != nullptr, request.path);
  REQUIRE(match.route->permission == auth::Permission::open);
  request.captured = match.captured;
  std::optional<net::Response> out;
  asio::co_spawn(loop, match.route->handler(request), [&](std::exception_ptr failure, net::Response response) {
    if (failure) std::rethrow_exception(failure);
    out = std::move(response);
  });
  run_until([&] { return out.has_value(); });
  return std::move(*out);
}

acme::Grant ServerFixture::worker(const std::string& name, std::vector<pki::SubjectName> names) const {
  return {"kid-" + name, name, pki::Role::worker, std::move(names), clock.now + std::chrono::hours(24)};
}

Json body_of(const net::Response& response) { return parse_json(response.body).value(); }

std::string problem_of(const net::Response& response) {
  REQUIRE_MESSAGE(response.status >= 400, response.body);
  CHECK(response.content_type == "application/problem+json");
  const Json body = body_of(response);
  CHECK(body["status"] == response.status);
  CHECK_FALSE(body["detail"].get<std::string>().empty());
  const auto type = body["type"].get<std::string>();
  constexpr std::string_view kPrefix = "urn:ietf:params:acme:error:";
  REQUIRE(type.starts_with(kPrefix));
  return type.substr(kPrefix.size());
}

std::string header_of(const net::Response& response, std::string_view name) {
  return std::string(response.headers.get(name));
}

std::string link_of(const net::Response& response, std::string_view relation) {
  const std::string end = ">;rel=\"" + std::string(relation) + "\"";
  for (const auto& [name, value] : response.headers) {
    if (name == "Link" && value.ends_with(end)) return value.substr(1, value.size() - end.size() - 1);
  }
  return {};
}

std::string TestClient::fresh_nonce() {
  return header_of(server.send(net::Method::head, std::string(kBase) + "/acme/new-nonce"), "Replay-Nonce");
}

std::string TestClient::sign(const std::string& url, const std::string& payload, const ChangeHeader& change) {
  if (nonce.empty()) nonce = fresh_nonce();
  Json header{{"url", url}, {"nonce", std::exchange(nonce, {})}};
  if (kid.empty())
    header["jwk"] = jwk();
  else
    header["kid"] = kid;
  if (change) change(header);
  return crypto::sign_jws(header, payload, *key).value().dump();
}

net::Response TestClient::post(const std::string& url, const std::string& payload, const ChangeHeader& change) {
  auto out = server.send(net::Method::post, url, sign(url, payload, change));
  nonce = header_of(out, "Replay-Nonce");
  CHECK_FALSE(nonce.empty());
  CHECK(link_of(out, "index") == std::string(kBase) + "/acme/directory");
  return out;
}

Json TestClient::binding(const std::string& eab_kid, const std::string& mac_key, const ChangeHeader& change) const {
  Json header{{"kid", eab_kid}, {"url", std::string(kBase) + "/acme/new-account"}};
  if (change) change(header);
  return crypto::sign_jws(header, jwk().dump(), crypto::Secret(std::string_view(mac_key))).value();
}

net::Response TestClient::register_with(const std::string& eab_kid, const std::string& mac_key) {
  const Json payload{{"contact", {"mailto:admin@example.com"}},
                     {"termsOfServiceAgreed", true},
                     {"externalAccountBinding", binding(eab_kid, mac_key)}};
  auto out = post(std::string(kBase) + "/acme/new-account", payload.dump());
  if (out.status < 300) kid = header_of(out, "Location");
  return out;
}

void TestClient::join(const acme::Grant& grant) {
  const std::string mac_key = server.issuance.invite(grant).key;
  const auto answer = register_with(grant.kid, mac_key);
  REQUIRE_MESSAGE(answer.status == 201, answer.body);
}

net::Response TestClient::new_order(const std::vector<pki::SubjectName>& names) {
  Json identifiers = Json::array();
  for (const auto& name : names) identifiers.push_back(acme::to_json(name));
  return post(std::string(kBase) + "/acme/new-order", Json{{"identifiers", identifiers}}.dump());
}

std::string TestClient::order(const std::vector<pki::SubjectName>& names) {
  const auto answer = new_order(names);
  REQUIRE_MESSAGE(answer.status == 201, answer.body);
  return header_of(answer, "Location");
}

net::Response TestClient::finalize(const std::string& order_url, const Bytes& csr) {
  return post(order_url + "/finalize", Json{{"csr", to_base64url(csr)}}.dump());
}

std::string TestClient::obtain(const std::vector<pki::SubjectName>& names) {
  const auto url = order(names);
  const Json made = body_of(get(url));
  for (const auto& authorization : made["authorizations"]) {
    const Json body = body_of(get(authorization));
    if (body["status"] == "pending") post(body["challenges"][0]["url"], "{}");
  }
  server.settle();
  const auto certificate_key = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
  const auto finalized = finalize(url, make_csr(names, *certificate_key));
  REQUIRE_MESSAGE(finalized.status == 200, finalized.body);
  return get(body_of(finalized)["certificate"]).body;
}

}  // namespace p2p::test
