// Certificates for the tests of TLS, made with OpenSSL alone, so that nothing under test has a part in them.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace p2p::test {

struct Pem {
  std::string certificate;
  std::string key;
};

struct Leaf {
  std::string name = "w-1";
  std::vector<std::string> uris = {"spiffe://p2p/worker/w-1"};
  long starts_seconds = -3600;  ///< from now
  long ends_seconds = 86400;
  long serial = 1000;
};

/// A leaf of the cluster "p2p".
Leaf worker(const std::string& name);
Leaf coordinator(const std::string& name);
Leaf operator_(const std::string& name);

class Authority {
 public:
  explicit Authority(const std::string& name = "test-ca");
  const std::string& pem() const { return pem_; }
  Pem issue(const Leaf& leaf) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  std::string pem_;
};

}  // namespace p2p::test
