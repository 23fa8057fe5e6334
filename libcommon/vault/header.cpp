#include "vault/header.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>

#include "base/byte_order.hpp"

namespace p2p::vault {
namespace {

constexpr std::string_view kMagic = "P2PVAULT";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPbkdf2Sha256 = 1;

// Where the parts are.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kKdfAt = 9;
constexpr std::size_t kZeroAt = 10;
constexpr std::size_t kIterationsAt = 12;
constexpr std::size_t kSaltAt = 16;
constexpr std::size_t kNonceAt = 32;
constexpr std::size_t kCommitmentAt = 44;
constexpr std::size_t kChecksumAt = 76;

std::uint32_t checksum_of(ByteView file) { return libdeflate_crc32(0, file.data(), kChecksumAt); }

Error damaged_header(std::string_view why) { return {Errc::damaged, fmt::format("damaged header: {}", why)}; }

}  // namespace

HeaderBytes encode_header(const Header& header) {
  HeaderBytes out{};
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  out[kVersionAt] = kVersion;
  out[kKdfAt] = kPbkdf2Sha256;
  put_big(&out[kIterationsAt], header.iterations);
  std::copy(header.salt.begin(), header.salt.end(), &out[kSaltAt]);
  std::copy(header.nonce.begin(), header.nonce.end(), &out[kNonceAt]);
  std::copy(header.commitment.begin(), header.commitment.end(), &out[kCommitmentAt]);
  put_big(&out[kChecksumAt], checksum_of(out));
  return out;
}

Result<Header> parse_header(ByteView file) {
  if (file.size() < kHeaderBytes) return damaged_header(fmt::format("cut off after {} bytes", file.size()));
  if (as_text(file).substr(0, kMagic.size()) != kMagic) return damaged_header("not a vault file");
  if (get_big<std::uint32_t>(&file[kChecksumAt]) != checksum_of(file)) return damaged_header("its checksum differs");
  if (file[kVersionAt] != kVersion || file[kKdfAt] != kPbkdf2Sha256 || file[kZeroAt] != 0 || file[kZeroAt + 1] != 0) {
    return Error(Errc::unsupported, fmt::format("vault version {} with key derivation {}: made by a later p2p-vault",
                                                file[kVersionAt], file[kKdfAt]));
  }
  Header out;
  out.iterations = get_big<std::uint32_t>(&file[kIterationsAt]);
  if (out.iterations < kMinIterations || out.iterations > kMaxIterations) {
    return damaged_header(
        fmt::format("{} iterations, not between {} and {}", out.iterations, kMinIterations, kMaxIterations));
  }
  std::copy_n(&file[kSaltAt], kSaltBytes, out.salt.begin());
  std::copy_n(&file[kNonceAt], kNonceBytes, out.nonce.begin());
  std::copy_n(&file[kCommitmentAt], kCommitmentBytes, out.commitment.begin());
  return out;
}

}  // namespace p2p::vault
