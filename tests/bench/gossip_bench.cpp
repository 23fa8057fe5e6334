// What gossip costs on the wire: bytes of each message raw and as sent (LZ4), for fleets of 20, 100 and 1,000 nodes.
// The certificates and signatures are real (ECDSA P-256, the extensions of our node certificates), so that they
// compress as they do in a fleet.
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "base/random.hpp"
#include "membership/compression.hpp"
#include "membership/membership.hpp"
#include "membership/message_codec.hpp"

namespace {

using namespace p2p;
using namespace p2p::membership;

Fingerprint sha256(ByteView bytes) {
  Fingerprint out{};
  SHA256(bytes.data(), bytes.size(), out.data());
  return out;
}

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* value) const { Free(value); }
};
using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;

Key make_key() { return Key(EVP_EC_gen("P-256"), EVP_PKEY_free); }

void add_extension(X509* certificate, X509V3_CTX& context, int nid, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION, X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) std::abort();
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                             0);
}

/// As p2p-ca makes them: SANs, EKU, key usage, key identifiers, a serial of 20 random bytes.
Certificate make_certificate(const std::string& name, const std::string& role, EVP_PKEY* key, X509* issuer,
                             EVP_PKEY* issuer_key) {
  Certificate out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  Bytes serial(20);
  RAND_bytes(serial.data(), static_cast<int>(serial.size()));
  serial[0] &= 0x7f;
  std::unique_ptr<BIGNUM, Deleter<BIGNUM, BN_free>> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(out.get()));
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 365L * 86400);
  set_name(X509_get_subject_name(out.get()), name);
  X509* signer = issuer != nullptr ? issuer : out.get();
  X509_set_issuer_name(out.get(), X509_get_subject_name(signer));
  X509_set_pubkey(out.get(), key);
  X509V3_CTX context{};
  X509V3_set_ctx(&context, signer, out.get(), nullptr, nullptr, 0);
  add_extension(out.get(), context, NID_subject_key_identifier, "hash");
  if (issuer == nullptr) {
    add_extension(out.get(), context, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    add_extension(out.get(), context, NID_authority_key_identifier, "keyid");
    add_extension(out.get(), context, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(out.get(), context, NID_key_usage, "critical,digitalSignature");
    add_extension(out.get(), context, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(out.get(), context, NID_subject_alt_name,
                  fmt::format("DNS:{0},DNS:localhost,IP:127.0.0.1,IP:::1,URI:spiffe://p2p/{1}/{0}", name, role));
  }
  if (X509_sign(out.get(), issuer_key, EVP_sha256()) == 0) std::abort();
  return out;
}

Bytes der_of(X509* certificate) {
  Bytes out(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  unsigned char* at = out.data();
  i2d_X509(certificate, &at);
  return out;
}

class EcdsaSigner final : public RecordSigner {
 public:
  EcdsaSigner(Key key, Bytes certificate) : key_(std::move(key)), certificate_(std::move(certificate)) {}
  Result<Bytes> sign(ByteView text) override {
    std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX, EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    Bytes out(128);
    std::size_t size = out.size();
    if (EVP_DigestSign(context.get(), out.data(), &size, text.data(), text.size()) != 1) std::abort();
    out.resize(size);
    return out;
  }
  Bytes certificate() const override { return certificate_; }
  SignerCertificate certificate_facts() const override { return {}; }

 private:
  Key key_;
  Bytes certificate_;
};

/// Believes the certificate and tells its name and role from the URI: what is measured is the wire, not OpenSSL.
class LenientVerifier final : public RecordVerifier {
 public:
  Result<VerifiedSigner> verify(ByteView, ByteView, ByteView certificate, WallTime) override {
    const std::string_view text = as_text(certificate);
    const std::size_t at = text.find("spiffe://p2p/");
    const bool is_coordinator = text.substr(at + 13).starts_with("coordinator/");
    const std::size_t name_at = at + (is_coordinator ? 25 : 20);
    const std::size_t size = static_cast<unsigned char>(text[at - 1]) - (name_at - at);
    return VerifiedSigner{
        {"p2p", is_coordinator ? pki::Role::coordinator : pki::Role::worker, std::string(text.substr(name_at, size))},
        sha256(certificate)};
  }
};

struct Member {
  std::unique_ptr<EcdsaSigner> signer;
  std::unique_ptr<RecordChecker> checker;
  std::unique_ptr<SeededRandom> random;
  std::unique_ptr<Membership> self;
};

struct Fleet {
  Key authority_key = make_key();
  Certificate authority = make_certificate("p2p CA", "", authority_key.get(), nullptr, authority_key.get());
  LenientVerifier verifier;
  Instant now{Monotonic{std::chrono::hours{1}}, WallTime{std::chrono::seconds{1'800'000'000}}};

  Member make(const std::string& name, bool is_coordinator) {
    Key key = make_key();
    const auto certificate = make_certificate(name, is_coordinator ? "coordinator" : "worker", key.get(),
                                              authority.get(), authority_key.get());
    Member out;
    out.signer = std::make_unique<EcdsaSigner>(key, der_of(certificate.get()));
    out.checker = std::make_unique<RecordChecker>("p2p", verifier, sha256);
    out.random = std::make_unique<SeededRandom>(std::hash<std::string>()(name));
    SeededRandom& random = *out.random;
    SelfFacts facts{name,
                    {fmt::format("10.0.{}.{}:8001", random.below(20), 1 + random.below(250)),
                     fmt::format("192.168.1.{}:8001", 1 + random.below(250))},
                    {{"disk", "1.0.0"}, {"journal", "1.2.0"}, {"backup", "0.9.1"}},
                    {"exec", "stdio"},
                    "0.1.0",
                    now.wall - std::chrono::milliseconds{random.below(1'000'000'000)},
                    random.next(),
                    true};
    Settings settings;
    settings.coordinator_addresses = {"10.0.0.1:8001"};
    out.self =
        std::make_unique<Membership>(settings, facts, is_coordinator ? pki::Role::coordinator : pki::Role::worker,
                                     *out.signer, *out.checker, random, SavedState{}, now);
    if (!out.self->start(now)) std::abort();
    return out;
  }
};

struct Cost {
  std::size_t raw = 0;
  std::size_t sent = 0;

  void add(const Message& message) {
    Bytes bytes = encode_message(message);
    raw += bytes.size();
    sent += pack(std::move(bytes), {}).body.size();
  }
};

/// One exchange; what both sides sent.
Cost exchange(Member& from, Member& to, Instant now) {
  Cost out;
  const pki::Identity identity{"p2p", from.self->role(), from.self->self().node_id};
  auto exchange = from.self->begin_exchange(to.self->self().node_id, now);
  for (std::optional<Message> request = exchange.request(); request;) {
    out.add(*request);
    const Message answer = to.self->receive(identity, *request, now).value();
    out.add(answer);
    request = exchange.take_answer(answer, now).value();
  }
  return out;
}

void print(int nodes, const char* what, const Cost& cost) {
  fmt::print("{:>6}  {:<44} {:>9} {:>9} {:>7.0f}%\n", nodes, what, cost.raw, cost.sent,
             100.0 * (1.0 - static_cast<double>(cost.sent) / static_cast<double>(cost.raw)));
}

void measure(int nodes) {
  Fleet fleet;
  Member hub = fleet.make("coordinator", true);
  Member mirror = fleet.make("worker-0001", false);
  std::vector<Member> others;
  for (int i = 2; i < nodes; ++i) {
    Member& one = others.emplace_back(fleet.make(fmt::format("worker-{:04}", i), false));
    const JoinMessage join = one.self->join_request(fleet.now);
    (void)hub.self->receive_join({"p2p", pki::Role::worker, one.self->self().node_id}, join, fleet.now);
  }
  fleet.now.monotonic += std::chrono::seconds{3};
  print(nodes, "first exchange: all records and certificates", exchange(mirror, hub, fleet.now));
  print(nodes, "quiet exchange: nothing changed", exchange(mirror, hub, fleet.now));
  // Everybody was upgraded: new records, the certificates known.
  for (std::size_t i = 0; i < others.size(); ++i) {
    SelfFacts facts = others[i].self->self();
    facts.version = "0.2.0";
    others[i].self->set_self(facts, fleet.now);
    const PushMessage push{{others[i].self->join_request(fleet.now).record}, {}};
    (void)hub.self->receive_push({"p2p", pki::Role::worker, facts.node_id}, push, fleet.now);
    if (i == 0) print(nodes, "one record changed", exchange(mirror, hub, fleet.now));
  }
  print(nodes, "every record changed, certificates known", exchange(mirror, hub, fleet.now));
}

}  // namespace

int main() {
  fmt::print("{:>6}  {:<44} {:>9} {:>9} {:>8}\n", "nodes", "exchange (both directions)", "raw B", "sent B", "saved");
  for (const int nodes : {20, 100, 1000}) measure(nodes);
  fmt::print("target: a typical exchange of 20 nodes saves 40 to 60%\n");
}
