#include "membership/buckets.hpp"

namespace p2p::membership {
namespace {

/// The finalizer of splitmix64: spreads related inputs over all bits.
std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint8_t bucket_of(std::string_view node_id) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : node_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return static_cast<std::uint8_t>(mix(hash));
}

std::uint64_t bucket_term(std::uint64_t short_hash) noexcept { return mix(short_hash + 0x9e3779b97f4a7c15ULL); }

BucketSet differing_buckets(const BucketSums& a, const BucketSums& b) noexcept {
  BucketSet out;
  for (std::size_t i = 0; i < kBucketCount; ++i) {
    if (a[i] != b[i]) out.set(i);
  }
  return out;
}

}  // namespace p2p::membership
