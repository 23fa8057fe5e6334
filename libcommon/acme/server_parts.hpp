// What the handlers of ACME requests share.
#pragma once

#include <chrono>
#include <string>

#include "acme/issuance.hpp"
#include "acme/nonces.hpp"
#include "acme/store.hpp"
#include "acme/urls.hpp"
#include "base/clock.hpp"
#include "base/log_sink.hpp"

namespace p2p::acme {

struct ServerSettings {
  std::string base_url;  ///< scheme, host and port by which clients reach this server, see Urls
  bool external_account_required = true;
  bool reuse_authorizations = true;  ///< a name that was validated is not asked for again while that lasts
  std::chrono::seconds order_lifetime{std::chrono::hours{1}};
  std::chrono::seconds authorization_lifetime{std::chrono::hours{24}};
  OrderLimits order_limits{};
  std::size_t max_accounts = 100'000;
  std::size_t max_validations = 32;  ///< at once; further ones wait
  std::chrono::seconds sweep_interval{std::chrono::minutes{10}};
  Retention retention{};
};

/// Used by threads of the pool, several at once.
struct ServerParts {
  const ServerSettings& settings;
  const Urls& urls;
  Store& store;
  Issuance& issuance;
  Nonces& nonces;
  const Clock& clock;
  const Logger& log;
};

/// For store and CA: the file or disk is at fault, not the client. Logs it; the client is told no more than that.
Refusal internal_error(const ServerParts& parts, const Error& error);

}  // namespace p2p::acme
