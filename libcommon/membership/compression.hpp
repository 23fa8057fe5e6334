// LZ4 frames (what the `lz4` tool reads and writes), with a cap on what a frame may become. Pure.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace p2p::membership {

/// `gossip_compression_enabled`, `gossip_compression_threshold`.
struct CompressionSettings {
  bool enabled = true;
  std::size_t threshold_bytes = 1024;
};

/// One frame with the content's size in its header and a checksum of the content.
Bytes compress_lz4(ByteView content);

/// `too_large` when the header claims, or the blocks make, more than `max_bytes`; nothing beyond that is ever
/// allocated. `damaged` for anything that is not exactly one whole frame.
Result<Bytes> decompress_lz4(ByteView frame, std::size_t max_bytes);

/// What is sent: a frame when the content is over the threshold and gains by it, else the content as it is.
struct Packed {
  Bytes body;
  bool is_lz4 = false;  ///< then the request or answer says `Content-Encoding: lz4`
};
Packed pack(Bytes content, const CompressionSettings& settings);

}  // namespace p2p::membership
