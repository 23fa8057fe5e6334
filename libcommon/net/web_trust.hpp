// Whom a WebClient believes when it speaks TLS.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "net/client.hpp"

namespace p2p::net {

/// Immutable, cheap to copy, any thread.
class WebTrust {
 public:
  /// The system's roots, and the host's name or address in the certificate (RFC 9110 section 4.3.4).
  static Result<WebTrust> of_system();
  /// The same with these roots (PEM) alone; `invalid` when one is not an authority's.
  static Result<WebTrust> of_roots(const std::string& pem);
  /// A coordinator of the fleet, whatever name it was reached by: judged as every peer of the fleet is. `tls` outlives
  /// the clients and is asked at each new connection. Where `at` is given, every connection goes there, whatever host
  /// the URL has: a coordinator's own URLs have the one address that it knows of, which need not be reachable from
  /// here.
  static WebTrust of_fleet(const TlsContexts& tls, std::optional<Endpoint> at = {});
  /// Whoever answers: for an answer that proves itself, such as a CA certificate whose fingerprint is known, and for
  /// http-01, where the redirected-to certificate is the one that is yet to be renewed.
  static Result<WebTrust> of_anyone();

  struct State;
  const State& state() const noexcept { return *state_; }

 private:
  explicit WebTrust(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace p2p::net
