#include "vault/header.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace p2p;

namespace {

vault::HeaderBytes sample() {
  vault::Header header;
  header.salt.fill(1);
  header.nonce.fill(2);
  header.commitment.fill(3);
  return vault::encode_header(header);
}

/// CRC-32 of ZIP (ITU-T V.42), a bit at a time.
std::uint32_t crc_of(ByteView bytes) {
  std::uint32_t out = 0xffffffff;
  for (const auto byte : bytes) {
    out ^= byte;
    for (int bit = 0; bit < 8; ++bit) out = out >> 1 ^ (out & 1 ? 0xedb88320 : 0);
  }
  return ~out;
}

/// A header with that byte in it, and a checksum that fits.
vault::HeaderBytes with_byte(vault::HeaderBytes header, std::size_t at, std::uint8_t value) {
  header[at] = value;
  const auto checksum = crc_of(ByteView(header).first(76));
  for (std::size_t i = 0; i < 4; ++i) header[76 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));
  return header;
}

vault::HeaderBytes with_iterations(std::uint32_t count) {
  vault::Header header;
  header.iterations = count;
  return vault::encode_header(header);
}

}  // namespace

TEST_CASE("a header is read as it was written") {
  const auto bytes = sample();
  CHECK(with_byte(bytes, 8, 1) == bytes);
  const auto header = vault::parse_header(bytes);
  REQUIRE(header.has_value());
  CHECK(vault::encode_header(*header) == bytes);
}

TEST_CASE("any flipped bit of a header is a damaged header") {
  const auto bytes = sample();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1u << bit % 8);
    const auto header = vault::parse_header(flipped);
    REQUIRE(!header.has_value());
    CHECK(header.error().kind() == Errc::damaged);
    CHECK(header.error().context.starts_with("damaged header: "));
  }
}

TEST_CASE("a header that is cut off anywhere is damaged") {
  const auto bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(vault::parse_header(ByteView(bytes).first(size)).error().kind() == Errc::damaged);
  }
}

TEST_CASE("a later version is told from damage") {
  for (const std::size_t at : {8u, 9u, 10u, 11u}) {
    const auto header = vault::parse_header(with_byte(sample(), at, 2));
    REQUIRE(!header.has_value());
    CHECK(header.error().kind() == Errc::unsupported);
  }
}

TEST_CASE("iterations that protect nothing or never end are refused") {
  for (const std::uint32_t count : {0u, 1u, 99'999u, 10'000'001u, 4'000'000'000u, 0xffffffffu}) {
    CHECK(vault::parse_header(with_iterations(count)).error().kind() == Errc::damaged);
  }
  for (const std::uint32_t count : {100'000u, 600'000u, 10'000'000u}) {
    CHECK(vault::parse_header(with_iterations(count)).has_value());
  }
}
