#include "pki/pkcs12.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

namespace p2p::pki {
namespace {

/// RFC 8018 wants at least 1000; OpenSSL's own default of 2048 is from another time.
constexpr int kIterations = 100'000;

struct StackDeleter {
  void operator()(STACK_OF(X509) * certificates) const noexcept { sk_X509_free(certificates); }
};

}  // namespace

Result<crypto::Secret> write_pkcs12(const Certificate& certificate, const EVP_PKEY& key, const Roots& roots,
                                    const std::string& name, const crypto::Secret& password) {
  const std::unique_ptr<STACK_OF(X509), StackDeleter> chain(sk_X509_new_null());
  bool good = chain != nullptr;
  for (const auto& root : roots.certificates()) good = good && sk_X509_push(chain.get(), &root.x509()) > 0;
  // A Secret is a std::string inside, so that the NUL which OpenSSL wants is there.
  const char* const text = password.view().data();
  const int length = static_cast<int>(password.view().size());
  auto* const own = const_cast<EVP_PKEY*>(&key);
  const crypto::Pkcs12Ptr file(good ? PKCS12_create(text, name.c_str(), own, &certificate.x509(), chain.get(),
                                                    NID_aes_256_cbc, NID_aes_256_cbc, kIterations, -1 /* no MAC yet */,
                                                    0)
                                    : nullptr);
  const crypto::BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!file || !bio || PKCS12_set_mac(file.get(), text, length, nullptr, 0, kIterations, EVP_sha256()) != 1 ||
      i2d_PKCS12_bio(bio.get(), file.get()) != 1) {
    return crypto::openssl_error(Errc::failed, "cannot make the PKCS#12 file of " + name);
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return crypto::Secret(std::string_view(bytes, static_cast<std::size_t>(size)));
}

}  // namespace p2p::pki
