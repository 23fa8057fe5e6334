// One order of a certificate from newOrder to download (RFC 8555 section 7.4), as a machine without I/O: next() says
// what to do, receive() takes the answer to an Ask. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "acme/client_messages.hpp"
#include "acme/client_session.hpp"
#include "base/bytes.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

struct OrderWish {
  std::vector<pki::SubjectName> names;  ///< exactly those of the request
  Bytes request_der;                    ///< the certificate request (PKCS#10)
  /// The certificate that this one takes the place of, as certificate_id.hpp writes it; empty where there is none, or
  /// the server has no renewalInfo (RFC 9773 section 5).
  std::string replaces;
};

/// Answer http-01 for this token from now on, until the order is over (RFC 8555 section 8.3).
struct Serve {
  std::string token;
  std::string key_authorization;
};
/// Do nothing for that long.
struct Pause {
  std::chrono::milliseconds length;
};
/// The certificate and its chain in PEM, leaf first, as downloaded.
struct Obtained {
  std::string chain_pem;
};
using OrderStep = std::variant<Ask, Serve, Pause, Obtained, ClientFailure>;

class OrderMachine {
 public:
  /// `thumbprint` of the account's key.
  OrderMachine(OrderWish wish, std::string thumbprint) : wish_(std::move(wish)), thumbprint_(std::move(thumbprint)) {}

  /// An Ask is answered by receive() before the next next(); Obtained and ClientFailure are the end.
  OrderStep next();
  void receive(const ClientResult<net::Answer>& answer, WallTime now);

 private:
  enum class Stage : unsigned char {
    ordering,
    reading,    // each authorization, to find its challenge
    answering,  // tells the server that a challenge is ready
    polling,    // each authorization, until it is valid
    checking,   // the order, until it is ready
    finalizing,
    issuing,  // the order, until it is valid
    downloading,
    obtained,
    failed,
  };

  Ask ask() const;
  std::string order_payload() const;
  void receive_order(const net::Answer& answer, WallTime now);
  void receive_authorization(const net::Answer& answer, WallTime now);
  void begin_challenge(const ClientAuthorization& authorization);
  void after_authorization();
  void judge_order(const ClientOrder& order, const net::Answer& answer, WallTime now);
  void take_refusal(const ClientFailure& failure, WallTime now);
  void poll_again(const net::Headers& headers, WallTime now);
  void fail(Errc kind, std::string why);
  bool is_wished(const pki::SubjectName& name) const;

  OrderWish wish_;
  std::string thumbprint_;
  Stage stage_ = Stage::ordering;
  std::string order_url_;
  std::string finalize_url_;
  std::string certificate_url_;
  std::vector<std::string> authorizations_;
  std::vector<std::string> unsettled_;  // authorizations whose challenge was begun
  std::size_t index_ = 0;
  std::string challenge_url_;
  std::optional<Serve> serve_;
  std::optional<Pause> pause_;
  unsigned polls_ = 0;
  std::vector<pki::SubjectName> refused_;  // whose authorization failed; the others are looked at all the same
  std::string why_refused_;                // of the last of them
  std::string chain_pem_;
  ClientFailure failure_;
};

}  // namespace p2p::acme
