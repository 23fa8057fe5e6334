#include "net/chunk_writer.hpp"

#include <fmt/format.h>

namespace p2p::net {
namespace asio = boost::asio;

asio::awaitable<Result<void>> ChunkWriter::write(std::string_view piece) {
  if (piece.empty()) co_return Result<void>();  // an empty chunk would be the last one
  if (!chunked_) co_return co_await send(piece);
  chunk_ = fmt::format("{:x}\r\n", piece.size());
  chunk_.append(piece).append("\r\n");
  co_return co_await send(chunk_);
}

asio::awaitable<Result<void>> ChunkWriter::finish() {
  if (!chunked_) co_return Result<void>();
  co_return co_await send("0\r\n\r\n");
}

asio::awaitable<Result<void>> ChunkWriter::send(std::string_view bytes) {
  const auto error = co_await stream_.write_all(bytes);
  if (error) co_return Error(Errc::unreachable, "the client went away");
  co_return Result<void>();
}

}  // namespace p2p::net
