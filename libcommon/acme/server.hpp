// The ACME server of a coordinator (RFC 8555, RFC 8738, RFC 9773) with the challenge http-01: its routes and the work
// behind them. All JOSE, SQLite and signing runs in the pool.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "acme/http01.hpp"
#include "acme/order_requests.hpp"
#include "acme/server_parts.hpp"
#include "acme/validations.hpp"
#include "net/blocking_pool.hpp"
#include "net/router.hpp"
#include "net/task_group.hpp"

namespace p2p::acme {

/// What the server works with; all of it outlives the server.
struct ServerServices {
  Store& store;
  Issuance& issuance;
  Validator& validator;
  net::BlockingPool& pool;
  const Clock& clock;
  LogSink& log;
};

class Server {
 public:
  /// Validations and sweeps run on `executor` (one thread: the control loop). Outlives the requests of the routes and
  /// what runs of them in the pool.
  Server(boost::asio::any_io_executor executor, ServerSettings settings, ServerServices services);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// All of /acme/, which is open to all, as what is signed in a request decides. Wrong methods and paths are answered
  /// with a problem of ACME too.
  void add_routes(net::Router& router);

  /// Takes up what an earlier process left (validations go on, half-done finalizations fail), then deletes what has
  /// expired every sweep_interval, until cancelled. On the executor, once.
  boost::asio::awaitable<void> run();
  /// Ends the validations that are under way. On the executor, before destruction.
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace) { return tasks_.stop(grace); }

 private:
  struct Resource;
  static const Resource kResources[];

  /// The resource with its method, and with all others refused.
  void add_resource(net::Router& router, net::Method method, const char* pattern, const net::Handler& handler);
  net::Handler refuse(Refusal refusal, std::string allowed);
  boost::asio::awaitable<net::Response> post(const Resource& resource, net::Request& request);
  boost::asio::awaitable<net::Response> renewal(net::Request& request);
  net::Response directory() const;
  net::Response new_nonce(net::Method method);
  /// The headers that every answer to a signed request has, refusals included.
  net::Response signed_answer(net::Response response);
  void begin_validation(Authorization authorization, std::string thumbprint);

  boost::asio::any_io_executor executor_;
  const ServerSettings settings_;
  const Urls urls_;
  const Logger log_;
  Nonces nonces_;
  net::BlockingPool& pool_;
  const ServerParts parts_;
  net::TaskGroup tasks_;
  Validations validations_;
};

}  // namespace p2p::acme
