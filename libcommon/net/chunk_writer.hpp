// Writes a streamed body to a connection.
#pragma once

#include <string>

#include "net/stream.hpp"
#include "net/streamed_body.hpp"

namespace p2p::net {

class ChunkWriter final : public BodyWriter {
 public:
  /// `stream` must outlive it. Without chunks (RFC 9112 section 7.1) the end of the connection is that of the body.
  ChunkWriter(Stream& stream, bool chunked) : stream_(stream), chunked_(chunked) {}

  boost::asio::awaitable<Result<void>> write(std::string_view piece) override;
  /// The last chunk.
  boost::asio::awaitable<Result<void>> finish();

 private:
  boost::asio::awaitable<Result<void>> send(std::string_view bytes);

  Stream& stream_;
  const bool chunked_;
  std::string chunk_;
};

}  // namespace p2p::net
