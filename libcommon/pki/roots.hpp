// The certificates of the fleet's CA (usually one, several while one replaces another), and who is signed by them.
#pragma once

#include <memory>
#include <vector>

#include "pki/certificate.hpp"

namespace p2p::pki {

/// What a peer does with its certificate in a TLS session.
enum class Purpose : unsigned char { server, client };

/// Immutable, cheap to copy, any thread.
class Roots {
 public:
  /// `invalid` when one of the certificates is not of a CA; `damaged` when one does not parse.
  static Result<Roots> from_pem(std::string_view pem, const std::string& name);

  /// Checks signature, dates and key usage of a certificate that a root signed itself. `damaged`, with a sentence that
  /// says what is wrong: not signed by this CA, expired on …, not valid before …, not for servers.
  Result<void> verify(const Certificate& certificate, Purpose purpose, WallTime at) const;

  /// The root whose key signed the certificate, whatever the dates; none when it is of another CA.
  const Certificate* issuer_of(const Certificate& certificate) const;

  const std::vector<Certificate>& certificates() const noexcept { return certificates_; }

 private:
  Roots(std::shared_ptr<X509_STORE> store, std::vector<Certificate> certificates)
      : store_(std::move(store)), certificates_(std::move(certificates)) {}
  std::shared_ptr<X509_STORE> store_;
  std::vector<Certificate> certificates_;
};

}  // namespace p2p::pki
