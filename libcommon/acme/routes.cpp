// The resources of the ACME server in one table, and how a request comes to its handler.
#include "acme/account_requests.hpp"
#include "acme/answer.hpp"
#include "acme/certificate_requests.hpp"
#include "acme/finalize.hpp"
#include "acme/server.hpp"

namespace p2p::acme {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMaxBodyBytes = 64 * 1024;

using RequestHandler = Outcome<net::Response> (*)(const ServerParts&, const SignedRequest&, const Incoming&);

/// What a thread of the pool brings back.
struct Answer {
  net::Response response;
  std::optional<Authorization> to_validate{};
  std::string thumbprint{};
};

Answer answer_of(Outcome<net::Response> outcome) {
  return {outcome ? std::move(*outcome) : problem_answer(outcome.error())};
}

Answer answer_challenge(const ServerParts& parts, const SignedRequest& request, const Incoming& incoming) {
  auto outcome = challenge(parts, request, incoming);
  if (!outcome) return {problem_answer(outcome.error())};
  return {std::move(outcome->response), std::move(outcome->to_validate), std::move(outcome->thumbprint)};
}

Incoming read_incoming(const Urls& urls, net::Request& request) {
  Incoming out;
  out.url = urls.of_request(request.path, request.query);
  out.content_type = request.headers.get("Content-Type");
  out.body = std::move(request.body);
  if (!request.captured.empty()) out.id = request.captured.front();
  out.cursor = request.query_parameter("cursor").value_or("");
  if (request.caller.over_p2p && request.caller.is_node()) out.node = request.caller.certificate;
  return out;
}

/// All that a route may have; HEAD is served with GET.
constexpr net::Method kMethods[] = {net::Method::get,     net::Method::post,    net::Method::put,
                                    net::Method::delete_, net::Method::options, net::Method::other};

net::Route open_route(net::Method method, std::string pattern, net::Handler handler) {
  net::Route out;
  out.method = method;
  out.pattern = std::move(pattern);
  out.permission = auth::Permission::open;
  out.limit_class = net::LimitClass::pki;
  out.over_limit = [](const net::Request&) {
    return problem_answer(Refusal(ProblemType::rate_limited, "too many requests"));
  };
  out.handler = std::move(handler);
  out.max_body_bytes = kMaxBodyBytes;
  return out;
}

}  // namespace

struct Server::Resource {
  const char* pattern;
  KeyForm form;
  RequestHandler handler;  ///< none for challenges, which start something besides
};

const Server::Resource Server::kResources[] = {
    {"/acme/new-account", KeyForm::jwk, new_account},
    {"/acme/new-order", KeyForm::account, new_order},
    {"/acme/revoke-cert", KeyForm::either, revoke_certificate},
    {"/acme/key-change", KeyForm::account, key_change},
    {"/acme/acct/{id}", KeyForm::account, account},
    {"/acme/acct/{id}/orders", KeyForm::account, orders_of_account},
    {"/acme/order/{id}", KeyForm::account, order},
    {"/acme/order/{id}/finalize", KeyForm::account, finalize},
    {"/acme/authz/{id}", KeyForm::account, authorization},
    {"/acme/chall/{id}", KeyForm::account, nullptr},
    {"/acme/cert/{id}", KeyForm::account, certificate},
};

awaitable<net::Response> Server::post(const Resource& resource, net::Request& request) {
  auto work = [this, &resource, incoming = read_incoming(urls_, request)]() -> Answer {
    const auto authentic = authenticate(parts_, incoming, resource.form);
    if (!authentic) return {problem_answer(authentic.error())};
    if (resource.handler == nullptr) return answer_challenge(parts_, *authentic, incoming);
    return answer_of(resource.handler(parts_, *authentic, incoming));
  };
  Answer answer = co_await pool_.run(std::move(work));
  if (answer.to_validate) begin_validation(std::move(*answer.to_validate), std::move(answer.thumbprint));
  co_return signed_answer(std::move(answer.response));
}

net::Handler Server::refuse(Refusal refusal, std::string allowed) {
  return [this, refusal = std::move(refusal),
          allowed = std::move(allowed)](net::Request& request) -> awaitable<net::Response> {
    net::Response out = problem_answer(refusal);
    if (!allowed.empty()) out.headers.add("Allow", allowed);
    co_return request.method == net::Method::post ? signed_answer(std::move(out)) : std::move(out);
  };
}

void Server::add_resource(net::Router& router, net::Method method, const char* pattern, const net::Handler& handler) {
  // Section 6.3: what is signed is asked for with POST.
  const bool is_signed = method == net::Method::post;
  const Refusal refusal(ProblemType::malformed,
                        is_signed ? "this resource is asked for with a signed POST" : "this resource is read with GET",
                        405);
  for (const auto one : kMethods) {
    router.add(open_route(one, pattern, one == method ? handler : refuse(refusal, is_signed ? "POST" : "GET, HEAD")));
  }
}

void Server::add_routes(net::Router& router) {
  add_resource(router, net::Method::get, "/acme/directory",
               [this](net::Request&) -> awaitable<net::Response> { co_return directory(); });
  add_resource(router, net::Method::get, "/acme/new-nonce",
               [this](net::Request& request) -> awaitable<net::Response> { co_return new_nonce(request.method); });
  add_resource(router, net::Method::get, "/acme/renewal-info/{id}",
               [this](net::Request& request) { return renewal(request); });
  for (const auto& resource : kResources) {
    add_resource(router, net::Method::post, resource.pattern,
                 [this, &resource](net::Request& request) { return post(resource, request); });
  }
  // Last, as the first pattern that fits counts.
  const Refusal unknown(ProblemType::malformed, "there is no such resource", 404);
  for (const auto method : kMethods) router.add(open_route(method, "/acme/{*}", refuse(unknown, {})));
}

}  // namespace p2p::acme
