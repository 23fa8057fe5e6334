// The validating side of http-01 (RFC 8555 section 8.3, RFC 8738 section 4).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "base/error.hpp"
#include "net/web_trust.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// One a loop, whose executor it has.
class Http01Validator {
 public:
  /// `port` is `acme_http01_port`; `timeout` bounds a whole validation.
  static Result<Http01Validator> make(boost::asio::any_io_executor executor, std::uint16_t port,
                                      std::chrono::milliseconds timeout = std::chrono::seconds(10));

  /// Success when the answer is 200 and, trailing white space aside, `key_authorization`. At most 64 KiB are read and
  /// three redirects followed, to ports 80, 443 and `port` of the same host. Kinds of error, by the problem they are
  /// (RFC 8555 section 6.7): not_found `dns`, unreachable `connection`, not_permitted `unauthorized`, invalid
  /// `malformed`.
  boost::asio::awaitable<Result<void>> validate(pki::SubjectName identifier, std::string token,
                                                std::string key_authorization) const;

 private:
  Http01Validator(boost::asio::any_io_executor executor, net::WebTrust trust, std::uint16_t port,
                  std::chrono::milliseconds timeout)
      : executor_(std::move(executor)), trust_(std::move(trust)), port_(port), timeout_(timeout) {}

  boost::asio::any_io_executor executor_;
  net::WebTrust trust_;
  std::uint16_t port_;
  std::chrono::milliseconds timeout_;
};

}  // namespace p2p::acme
