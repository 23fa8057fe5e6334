// What membership accepts from outside. Past a limit: a clear error, and nothing changes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace p2p::membership {

inline constexpr std::size_t kMaxRecordBytes = 64 * 1024;
inline constexpr std::size_t kMaxSignatureBytes = 1024;  // RSA 4096 needs 512
inline constexpr std::size_t kMaxCertificateBytes = 16 * 1024;
inline constexpr std::size_t kMaxAddresses = 64;
inline constexpr std::size_t kMaxServices = 1024;
inline constexpr std::size_t kMaxCapabilities = 256;
inline constexpr std::size_t kMaxRoots = 8;  // of the CA, that a node trusts
inline constexpr std::size_t kMaxTextLength = 255;
/// Leaves room to raise it for as long as anyone cares.
inline constexpr std::uint64_t kMaxIncarnation = std::uint64_t{1} << 62;

/// Records and listings of one message stay below this; what is left over travels in the next one.
inline constexpr std::size_t kMaxPageBytes = 512 * 1024;
/// A whole message, decompressed: a page, its last record, heartbeats and suspicions, and a page of bulletins, which
/// may be a single large one.
inline constexpr std::size_t kMaxMessageBytes = 2 * 1024 * 1024;
/// How many pages one exchange may take before the rest is left to the next.
inline constexpr int kMaxPages = 64;

inline constexpr std::size_t kMaxNodes = 16'384;
inline constexpr std::size_t kMaxTombstones = 4096;
/// Heartbeats sent in one message; in a larger fleet those that rose last go first.
inline constexpr std::size_t kMaxHeartbeats = 1024;
inline constexpr std::size_t kMaxSuspicions = 64;
/// Records asked for in one message.
inline constexpr std::size_t kMaxWanted = 4096;
/// Records pushed at once; in a storm of joins the rest is left to anti-entropy.
inline constexpr std::size_t kMaxPushRecords = 256;

inline constexpr std::size_t kMaxBulletinBytes = 1024 * 1024;
inline constexpr std::size_t kMaxBulletinKinds = 8;
inline constexpr std::size_t kMaxBulletinKindLength = 128;
/// Read in one message: more than are held, so that a later version may hold more.
inline constexpr std::size_t kMaxBulletinLines = 64;
/// A larger one is announced over the links and fetched, so that a coordinator does not queue it for everyone at once.
inline constexpr std::size_t kMaxPushedBulletinBytes = 64 * 1024;

inline constexpr std::chrono::hours kTombstoneLife{24};
/// How long a coordinator lists a node that said goodbye.
inline constexpr std::chrono::hours kLeftListed{24};

}  // namespace p2p::membership
