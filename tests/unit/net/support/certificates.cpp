#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <functional>

namespace p2p::test {
namespace {

std::shared_ptr<EVP_PKEY> new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

std::string text_of(const std::function<void(BIO*)>& write) {
  const std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free);
  write(out.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string certificate_pem(X509* certificate) {
  return text_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> new_certificate(const std::string& name, EVP_PKEY* key, long serial, long starts, long ends) {
  std::shared_ptr<X509> out(X509_new(), X509_free);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), starts);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), ends);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(out.get(), key);
  return out;
}

Leaf with_role(const std::string& name, const std::string& role) {
  Leaf out;
  out.name = name;
  out.uris = {"spiffe://p2p/" + role + "/" + name};
  return out;
}

}  // namespace

Leaf worker(const std::string& name) { return with_role(name, "worker"); }
Leaf coordinator(const std::string& name) { return with_role(name, "coordinator"); }
Leaf operator_(const std::string& name) { return with_role(name, "operator"); }

Authority::Authority(const std::string& name) : key_(new_key()) {
  certificate_ = new_certificate(name, key_.get(), 1, -3600, 864000);
  X509* raw = certificate_.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  extend(raw, raw, NID_basic_constraints, "critical,CA:TRUE");
  extend(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(raw, raw, NID_subject_key_identifier, "hash");
  X509_sign(raw, key_.get(), EVP_sha256());
  pem_ = certificate_pem(raw);
}

Pem Authority::issue(const Leaf& leaf) const {
  const auto key = new_key();
  const auto certificate = new_certificate(leaf.name, key.get(), leaf.serial, leaf.starts_seconds, leaf.ends_seconds);
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(certificate_.get()));
  std::string names = "DNS:" + leaf.name + ",DNS:localhost,IP:127.0.0.1";
  for (const auto& uri : leaf.uris) names += ",URI:" + uri;
  extend(raw, certificate_.get(), NID_subject_alt_name, names);
  extend(raw, certificate_.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  extend(raw, certificate_.get(), NID_authority_key_identifier, "keyid:always");
  X509_sign(raw, key_.get(), EVP_sha256());
  return {certificate_pem(raw),
          text_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace p2p::test
