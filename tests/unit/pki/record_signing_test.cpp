#include "pki/record_signing.hpp"

#include <doctest/doctest.h>

#include "fleet.hpp"

using namespace p2p;
using std::chrono::days;

namespace {

pki::RecordSigner signer_of(const test::Leaf& leaf) {
  auto signer = pki::RecordSigner::make(leaf.certificate.pem(), leaf.key_pem());
  REQUIRE_MESSAGE(signer.has_value(), signer.error().context);
  return std::move(*signer);
}

}  // namespace

TEST_CASE("a record is its author's, for each type of key") {
  const auto authority = test::make_authority();
  const pki::RecordVerifier verifier(*pki::Roots::from_pem(authority.certificate().pem(), "ca"), "p2p");
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                          crypto::KeyType::rsa_2048}) {
    CAPTURE(crypto::to_string(type));
    const auto leaf = test::issue(authority, {.name = "worker-1"}, test::now(), type);
    const auto signer = signer_of(leaf);
    const auto signature = signer.sign(as_bytes("record"));
    REQUIRE(signature.has_value());
    const auto author = verifier.verify(signer.certificate_der(), as_bytes("record"), *signature, test::now());
    REQUIRE_MESSAGE(author.has_value(), author.error().context);
    CHECK(author->identity == pki::Identity{"p2p", pki::Role::worker, "worker-1"});
    const auto& facts = leaf.certificate.facts();
    for (const pki::RecordAuthor* said : {&*author, &signer.author()}) {
      CHECK(said->certificate == pki::CertificateId{facts.issuer_key_id, facts.serial});
      CHECK(said->not_before == facts.not_before);
      CHECK(said->not_after == facts.not_after);
    }
    CHECK(verifier.verify(signer.certificate_der(), as_bytes("recorD"), *signature, test::now()).error().kind() ==
          Errc::damaged);
  }
}

TEST_CASE("a stolen worker cannot speak for another node, and nobody from outside speaks at all") {
  const auto authority = test::make_authority();
  const auto stranger = test::make_authority();
  const pki::RecordVerifier verifier(*pki::Roots::from_pem(authority.certificate().pem(), "ca"), "p2p");
  const auto kind = [&](const pki::RecordSigner& signer, const Bytes& certificate, WallTime at) {
    return verifier.verify(certificate, as_bytes("r"), *signer.sign(as_bytes("r")), at).error().kind();
  };
  const auto thief = signer_of(test::issue(authority, {.name = "worker-1"}));
  const auto victim = signer_of(test::issue(authority, {.role = pki::Role::coordinator, .name = "main"}));
  CHECK(kind(thief, victim.certificate_der(), test::now()) == Errc::damaged);
  const auto outside = signer_of(test::issue(stranger, {.name = "worker-1"}));
  CHECK(kind(outside, outside.certificate_der(), test::now()) == Errc::damaged);
  const auto person = signer_of(test::issue(authority, {.role = pki::Role::operator_, .name = "alice"}));
  CHECK(kind(person, person.certificate_der(), test::now()) == Errc::not_permitted);
  CHECK(kind(thief, thief.certificate_der(), test::now() + days{366}) == Errc::damaged);
  CHECK(kind(thief, Bytes(100'000), test::now()) == Errc::too_large);
  CHECK(kind(thief, Bytes(100), test::now()) == Errc::damaged);
  const pki::RecordVerifier elsewhere(*pki::Roots::from_pem(authority.certificate().pem(), "ca"), "other");
  CHECK(elsewhere.verify(thief.certificate_der(), as_bytes("r"), *thief.sign(as_bytes("r")), test::now())
            .error()
            .kind() == Errc::not_permitted);
}

TEST_CASE("a signer is made only of a certificate and its own key") {
  const auto authority = test::make_authority();
  const auto one = test::issue(authority, {.name = "a"});
  const auto two = test::issue(authority, {.name = "b"});
  CHECK(pki::RecordSigner::make(one.certificate.pem(), two.key_pem()).error().kind() == Errc::damaged);
  CHECK(pki::RecordSigner::make("", two.key_pem()).error().kind() == Errc::damaged);
}
