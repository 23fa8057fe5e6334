// The ACME client (RFC 8555): carries out what its machines say, over a WebClient.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "acme/challenge_responder.hpp"
#include "acme/client_order.hpp"
#include "acme/client_session.hpp"
#include "base/log_sink.hpp"
#include "net/web_client.hpp"

namespace p2p::acme {

/// For one renewal or so: it keeps the server's directory for its life. One operation at a time; every member runs on
/// the loop of `executor`, which is the WebClient's and the responder's too. All that is given outlives it.
class Client {
 public:
  Client(boost::asio::any_io_executor executor, net::WebClient& web, ClientAccount account, const Clock& clock,
         LogSink& log);

  /// Orders a certificate, answering http-01 through `responder` where the server asks for it, and checks that the
  /// answer has the request's key and names. `responder` is stopped when it ends, cancelled or not. Errors: those of
  /// the way there, and the server's problem (`limited` for rate limits, see retry_after); `timeout` past `time`.
  boost::asio::awaitable<ClientResult<Obtained>> obtain(OrderWish wish, ChallengeResponder& responder,
                                                        std::chrono::milliseconds time);
  /// Revokes a certificate of this account, in DER; `reason` of RFC 5280 section 5.3.1. Revoked already is a success.
  boost::asio::awaitable<ClientResult<void>> revoke(Bytes certificate_der, unsigned reason);
  /// When the CA would like the certificate to be renewed; `unsupported` where it does not say.
  /// `certificate_id` is as certificate_id.hpp writes it.
  boost::asio::awaitable<ClientResult<ClientRenewalInfo>> renewal_info(std::string certificate_id);

  /// To be kept for the next client; empty while unknown.
  const std::string& account_url() const noexcept { return session_.account_url(); }

 private:
  boost::asio::awaitable<ClientResult<net::Answer>> ask(Ask ask, Monotonic deadline);
  boost::asio::awaitable<boost::system::result<net::Answer, net::WebError>> send(const ClientRequest& request,
                                                                                 Monotonic deadline);
  boost::asio::awaitable<ClientResult<Obtained>> order(OrderWish wish, ChallengeResponder& responder,
                                                       Monotonic deadline);
  boost::asio::awaitable<ClientResult<void>> pause(std::chrono::milliseconds length, Monotonic deadline);
  Monotonic deadline_of_one_request() const;

  boost::asio::any_io_executor executor_;
  net::WebClient& web_;
  const AccountSigner& key_;
  ClientSession session_;
  const Clock& clock_;
  Logger log_;
};

}  // namespace p2p::acme
