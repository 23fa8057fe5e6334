// Everything of a CA that comes from outside: requests, certificates, revocation lists, invitations, bundles, names.
// The first byte chooses the reader. Requests and lists are also read after they were signed with a key of the fuzzer,
// which does not find a signature by itself.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>

#include "acme/csr.hpp"
#include "crypto/key.hpp"
#include "crypto/x509.hpp"
#include "pki/authority.hpp"
#include "pki/bundle.hpp"
#include "pki/certificate_request.hpp"
#include "pki/crl.hpp"
#include "pki/invitation.hpp"

namespace {

using namespace p2p;
using namespace p2p::pki;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

const Authority& authority() {
  static const Authority made = Authority::make({.key_type = crypto::KeyType::ed25519}, kNow).value();
  return made;
}
const Roots& roots() {
  static const Roots read = Roots::from_pem(authority().certificate().pem(), "ca").value();
  return read;
}
/// Of the CA, which also stands for the key of requests.
EVP_PKEY* key() { return const_cast<EVP_PKEY*>(&authority().key()); }

template <class T>
Bytes der_of(T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* der = nullptr;
  const int size = encode(object, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

void read_request_der(ByteView der) {
  if (const auto request = CertificateRequest::from_der(der)) {
    if (request->names().size() > kMaxRequestedNames) std::abort();
  }
  (void)acme::parse_request(der);
}

void read_request(ByteView input) {
  read_request_der(input);
  const unsigned char* at = input.data();
  const crypto::RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(input.size())));
  if (!request || X509_REQ_set_pubkey(request.get(), key()) != 1 || X509_REQ_sign(request.get(), key(), nullptr) == 0) {
    return;
  }
  read_request_der(der_of(request.get(), i2d_X509_REQ));
}

void read_list(const X509_CRL& list) {
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509_CRL(bio.get(), &list) != 1) return;
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  const auto read = read_crls({text, static_cast<std::size_t>(size)}, roots(), "list");
  if (!read) return;
  for (const auto& one : *read) {
    if (!std::ranges::is_sorted(one.revoked, {}, &RevokedSerial::serial)) std::abort();
  }
}

/// As if this CA had made it.
bool adopt(X509_CRL* list) {
  X509& issuer = authority().certificate().x509();
  for (int at = 0; (at = X509_CRL_get_ext_by_NID(list, NID_authority_key_identifier, -1)) >= 0;) {
    X509_EXTENSION_free(X509_CRL_delete_ext(list, at));
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, nullptr, nullptr, list, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION* key_id = X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always");
  const bool added = key_id != nullptr && X509_CRL_add_ext(list, key_id, -1) == 1;
  X509_EXTENSION_free(key_id);
  return added && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
         X509_CRL_set_issuer_name(list, X509_get_subject_name(&issuer)) == 1 && X509_CRL_sign(list, key(), nullptr) > 0;
}

void read_list_der(ByteView input) {
  const unsigned char* at = input.data();
  const crypto::CrlPtr list(d2i_X509_CRL(nullptr, &at, static_cast<long>(input.size())));
  if (!list) return;
  read_list(*list);
  if (adopt(list.get())) read_list(*list);
}

void read_certificate(ByteView input) {
  const auto certificate = Certificate::from_der(input);
  if (!certificate) return;
  (void)certificate->identity();
  if (certificate->facts().is_ca) (void)Roots::from_pem(certificate->pem(), "root");
  if (roots().verify(*certificate, Purpose::server, kNow)) std::abort();  // this CA has signed none
}

void read_invitation(std::string_view text) {
  const auto invitation = parse_invitation(text);
  if (invitation && parse_invitation(write_invitation(*invitation)).value() != *invitation) std::abort();
}

void read_name(std::string_view text) {
  const auto name = parse_subject_name(text);
  if (name && parse_subject_name(name->text).value() != *name) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0]) {
    case 'r': read_request(input); break;
    case 'l': read_list_der(input); break;
    case 'c': read_certificate(input); break;
    case 'i': read_invitation(as_text(input)); break;
    case 'b': (void)parse_bundle(as_text(input), kNow, "bundle"); break;
    case 'n': read_name(as_text(input)); break;
    default: break;
  }
  return 0;
}
