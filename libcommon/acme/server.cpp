#include "acme/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "acme/account_requests.hpp"
#include "acme/answer.hpp"
#include "acme/certificate_requests.hpp"
#include "acme/finalize.hpp"
#include "acme/objects.hpp"
#include "crypto/jwk.hpp"

namespace p2p::acme {

namespace asio = boost::asio;
using asio::awaitable;

Server::Server(asio::any_io_executor executor, ServerSettings settings, ServerServices services)
    : executor_(executor),
      settings_(std::move(settings)),
      urls_(settings_.base_url),
      log_(services.log, "Acme"),
      pool_(services.pool),
      parts_{settings_, urls_, services.store, services.issuance, nonces_, services.clock, log_},
      tasks_(executor, services.log),
      validations_(parts_, services.validator, services.pool, tasks_) {}

net::Response Server::directory() const {
  return json_answer(200, directory_json(urls_, settings_.external_account_required));
}

net::Response Server::new_nonce(net::Method method) {
  net::Response out;
  out.content_type.clear();
  out.status = method == net::Method::head ? 200 : 204;  // section 7.2
  return signed_answer(std::move(out));
}

net::Response Server::signed_answer(net::Response response) {
  response.headers.set("Replay-Nonce", nonces_.make(parts_.clock.wall()));
  response.headers.set("Cache-Control", "no-store");
  add_link(response, urls_.directory(), "index");
  return response;
}

void Server::begin_validation(Authorization authorization, std::string thumbprint) {
  auto begin = [this, authorization = std::move(authorization), thumbprint = std::move(thumbprint)]() mutable {
    validations_.add(std::move(authorization), std::move(thumbprint));
  };
  asio::post(executor_, std::move(begin));
}

awaitable<net::Response> Server::renewal(net::Request& request) {
  auto work = [this, id = request.captured.at(0)]() -> net::Response {
    auto answer = renewal_info(parts_, id);
    return answer ? std::move(*answer) : problem_answer(answer.error());
  };
  co_return co_await pool_.run(std::move(work));
}

namespace {

struct Interrupted {
  std::vector<Authorization> authorizations;
  std::vector<std::string> thumbprints;  ///< of their accounts' keys
};

Result<Interrupted> take_up(const ServerParts& parts) {
  const Refusal error(ProblemType::server_internal, "the server stopped while the certificate was being made");
  if (const auto failed = parts.store.fail_processing_orders(error); !failed) return failed.error();
  auto authorizations = parts.store.processing_authorizations();
  if (!authorizations) return authorizations.error();
  Interrupted out;
  for (auto& one : *authorizations) {
    const auto account = parts.store.find_account(one.account);
    if (!account) return account.error();
    if (!*account) continue;
    out.thumbprints.push_back((*account)->thumbprint);
    out.authorizations.push_back(std::move(one));
  }
  return out;
}

}  // namespace

awaitable<void> Server::run() {
  auto first = [this] { return take_up(parts_); };
  auto interrupted = co_await pool_.run(std::move(first));
  if (!interrupted) {
    (void)internal_error(parts_, interrupted.error());
  } else {
    for (std::size_t i = 0; i < interrupted->authorizations.size(); ++i) {
      validations_.add(std::move(interrupted->authorizations[i]), std::move(interrupted->thumbprints[i]));
    }
  }
  asio::steady_timer timer(executor_);
  for (;;) {
    auto sweep = [this] { return parts_.store.sweep(settings_.retention, parts_.clock.wall()); };
    if (const auto swept = co_await pool_.run(std::move(sweep)); !swept) {
      log_.error("expired ACME orders stay: {}", swept.error().context);
    }
    timer.expires_after(settings_.sweep_interval);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
  }
}

}  // namespace p2p::acme
