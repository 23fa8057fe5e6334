// 256 sums that tell two registries apart. A node's bucket follows from its id, so that both sides agree; a bucket's
// sum is that of its records' mixed hashes, so that one record is added or taken away in constant time, in any order. A
// record's hash covers its node_id and incarnation.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

namespace p2p::membership {

inline constexpr std::size_t kBucketCount = 256;
using BucketSet = std::bitset<kBucketCount>;
/// Zero for an empty bucket.
using BucketSums = std::array<std::uint64_t, kBucketCount>;

std::uint8_t bucket_of(std::string_view node_id) noexcept;

/// What the record with this short hash adds to its bucket.
std::uint64_t bucket_term(std::uint64_t short_hash) noexcept;

BucketSet differing_buckets(const BucketSums& a, const BucketSums& b) noexcept;

}  // namespace p2p::membership
