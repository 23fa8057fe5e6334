#include "crypto/aead.hpp"

#include <doctest/doctest.h>

#include <array>

#include "crypto/kdf.hpp"
#include "crypto/secret_buffer.hpp"

using namespace p2p;

namespace {

struct GcmCase {
  const char* key;
  const char* nonce;
  const char* associated;
  const char* text;
  const char* sealed;
  const char* tag;
};

// The test cases with keys of 256 bits and nonces of 96 of "The Galois/Counter Mode of Operation" (McGrew, Viega),
// which NIST published with SP 800-38D.
constexpr char kText[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba"
    "63"
    "7b391aafd255";
constexpr char kSealed[] =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abc"
    "c9"
    "f662898015ad";
constexpr char kZeroKey[] = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr char kFeffKey[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const std::string kShortText(kText, 120);
const std::string kShortSealed(kSealed, 120);

const std::array<GcmCase, 4> kGcmCases{{
    {kZeroKey, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {kZeroKey, "000000000000000000000000", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {kFeffKey, "cafebabefacedbaddecaf888", "", kText, kSealed, "b094dac5d93471bdec1a502270e3cc6c"},
    {kFeffKey, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", kShortText.c_str(),
     kShortSealed.c_str(), "76fc6ece0f4e1768cddf8853bb2d551b"},
}};

Bytes unhex(const char* text) { return *from_hex(text); }
crypto::Secret key_of(const GcmCase& values) { return crypto::Secret(to_text(unhex(values.key))); }

Result<void> opens(const GcmCase& values, const Bytes& nonce, const Bytes& associated, Bytes sealed, const Bytes& tag) {
  auto done = crypto::open_in_place(key_of(values), nonce, associated, sealed, tag);
  if (done && to_hex(sealed) != values.text) return Error(Errc::failed, "another text");
  // Nothing of a text that cannot be trusted is left.
  if (!done && sealed != Bytes(sealed.size(), 0)) return Error(Errc::failed, "the text is still there");
  return done;
}

Bytes with_flipped_bit(Bytes bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1u << bit % 8));
  return bytes;
}

}  // namespace

TEST_CASE("AES-256-GCM gives NIST's values, in one piece or in many") {
  for (const auto& values : kGcmCases) {
    for (const std::size_t step : {1u, 7u, 16u, 1000u}) {
      crypto::AeadSealer sealer(key_of(values), unhex(values.nonce), unhex(values.associated));
      Bytes text = unhex(values.text);
      for (std::size_t at = 0; at < text.size(); at += step) {
        sealer.seal(ByteView(text).subspan(at, std::min(step, text.size() - at)), text.data() + at);
      }
      CHECK(to_hex(text) == values.sealed);
      CHECK(to_hex(sealer.finish()) == values.tag);
    }
    CHECK(opens(values, unhex(values.nonce), unhex(values.associated), unhex(values.sealed), unhex(values.tag))
              .has_value());
  }
}

TEST_CASE("AES-256-GCM refuses every flipped bit of tag, text, associated data and nonce, and wipes the text") {
  const auto& values = kGcmCases[3];
  const Bytes nonce = unhex(values.nonce);
  const Bytes associated = unhex(values.associated);
  const Bytes sealed = unhex(values.sealed);
  const Bytes tag = unhex(values.tag);
  const auto refused = [](const Result<void>& done) { return !done && done.error().kind() == Errc::damaged; };
  for (std::size_t bit = 0; bit < 8 * tag.size(); ++bit) {
    CHECK(refused(opens(values, nonce, associated, sealed, with_flipped_bit(tag, bit))));
  }
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    CHECK(refused(opens(values, nonce, associated, with_flipped_bit(sealed, bit), tag)));
  }
  for (std::size_t bit = 0; bit < 8 * associated.size(); ++bit) {
    CHECK(refused(opens(values, nonce, with_flipped_bit(associated, bit), sealed, tag)));
  }
  for (std::size_t bit = 0; bit < 8 * nonce.size(); ++bit) {
    CHECK(refused(opens(values, with_flipped_bit(nonce, bit), associated, sealed, tag)));
  }
}

TEST_CASE("AES-256-GCM refuses a tag that is cut off, all zeros or all ones, and a text that is cut off") {
  const auto& values = kGcmCases[2];
  const Bytes nonce = unhex(values.nonce);
  const Bytes sealed = unhex(values.sealed);
  const Bytes tag = unhex(values.tag);
  for (std::size_t size = 0; size < tag.size(); ++size) {
    Bytes text = sealed;
    const Bytes shorter(tag.begin(), tag.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(!crypto::open_in_place(key_of(values), nonce, {}, text, shorter).has_value());
  }
  CHECK(!opens(values, nonce, {}, sealed, Bytes(16, 0)).has_value());
  CHECK(!opens(values, nonce, {}, sealed, Bytes(16, 0xff)).has_value());
  CHECK(!opens(values, nonce, {}, Bytes(sealed.begin(), sealed.end() - 1), tag).has_value());
}

TEST_CASE("PBKDF2 gives the values of RFC 7914") {
  const auto derive = [](std::string_view password, std::string_view salt, std::uint32_t iterations) {
    const auto out = crypto::pbkdf2_sha256(crypto::Secret(password), as_bytes(salt), iterations, 64);
    return to_hex(as_bytes(out.view()));
  };
  CHECK(derive("passwd", "salt", 1) ==
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
  CHECK(derive("Password", "NaCl", 80000) ==
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}

TEST_CASE("a secret buffer holds its bytes until it is shrunk or gone") {
  auto buffer = crypto::SecretBuffer::copy_of(as_bytes("secret"));
  CHECK(as_text(buffer.view()) == "secret");
  const auto* bytes = buffer.data();
  buffer.shrink(2);
  CHECK(as_text(buffer.view()) == "se");
  CHECK(bytes[2] == 0);
  const auto moved = std::move(buffer);
  CHECK(moved.view().data() == bytes);
  CHECK(crypto::SecretBuffer(0).view().empty());
}
