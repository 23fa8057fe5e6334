// The validating side of http-01 (RFC 8555 section 8.3, RFC 8738 section 4).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "acme/http01.hpp"
#include "base/error.hpp"
#include "net/web_trust.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

struct Http01Settings {
  std::uint16_t node_port = 8802;
  std::uint16_t other_port = 80;
  /// Names that lead to this machine or its links are asked as well: for a fleet that is all on one machine.
  bool ask_own_machine = false;
  std::chrono::milliseconds timeout{10'000};  ///< of a whole validation
};

/// One a loop, whose executor it has.
class Http01Validator {
 public:
  static Result<Http01Validator> make(boost::asio::any_io_executor executor, Http01Settings settings);

  /// Success when the answer is 200 and, trailing white space aside, `key_authorization`. At most 64 KiB are read and
  /// three redirects followed, to ports 80, 443 and the applicant's of the same host. Kinds of error, by the problem
  /// they are (RFC 8555 section 6.7): not_found `dns`, unreachable `connection`, not_permitted `unauthorized`, invalid
  /// `malformed`.
  boost::asio::awaitable<Result<void>> validate(pki::SubjectName identifier, Applicant applicant, std::string token,
                                                std::string key_authorization) const;

 private:
  Http01Validator(boost::asio::any_io_executor executor, net::WebTrust trust, Http01Settings settings)
      : executor_(std::move(executor)), trust_(std::move(trust)), settings_(settings) {}

  boost::asio::any_io_executor executor_;
  net::WebTrust trust_;
  Http01Settings settings_;
};

}  // namespace p2p::acme
