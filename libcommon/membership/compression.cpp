#include "membership/compression.hpp"

#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <memory>
#include <new>

namespace p2p::membership {
namespace {

// The first level of the slower, denser kind: gossip is small and rare, and the bytes saved are the point.
constexpr int kLevel = 3;
constexpr std::size_t kFirstChunk = 64 * 1024;

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};
using Context = std::unique_ptr<LZ4F_dctx, FreeContext>;

Context make_context() {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) throw std::bad_alloc();
  return Context(raw);
}

Error too_large(std::size_t max_bytes) {
  return {Errc::too_large, fmt::format("LZ4 frame that becomes more than {} bytes", max_bytes)};
}

Error bad_frame(std::string_view why) { return {Errc::damaged, fmt::format("LZ4 frame: {}", why)}; }

}  // namespace

Bytes compress_lz4(ByteView content) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = content.size();
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.compressionLevel = kLevel;
  Bytes out(LZ4F_compressFrameBound(content.size(), &preferences));
  const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), content.data(), content.size(), &preferences);
  // With an output of the bound's size only memory can be short.
  if (LZ4F_isError(size) != 0) throw std::bad_alloc();
  out.resize(size);
  return out;
}

Result<Bytes> decompress_lz4(ByteView frame, std::size_t max_bytes) {
  const Context context = make_context();
  LZ4F_frameInfo_t info{};
  std::size_t taken = frame.size();
  std::size_t hint = LZ4F_getFrameInfo(context.get(), &info, frame.data(), &taken);
  if (LZ4F_isError(hint) != 0) return bad_frame(LZ4F_getErrorName(hint));
  if (info.frameType == LZ4F_skippableFrame) return bad_frame("it holds no content");
  if (info.contentSize > max_bytes) return too_large(max_bytes);
  frame = frame.subspan(taken);
  Bytes out;
  std::size_t filled = 0;
  // A byte more than allowed is room enough to see that the content goes on.
  const std::size_t cap = max_bytes + 1;
  out.resize(std::min(cap, info.contentSize > 0 ? static_cast<std::size_t>(info.contentSize) + 1 : kFirstChunk));
  while (hint != 0) {
    std::size_t produced = out.size() - filled;
    std::size_t consumed = frame.size();
    hint = LZ4F_decompress(context.get(), out.data() + filled, &produced, frame.data(), &consumed, nullptr);
    if (LZ4F_isError(hint) != 0) return bad_frame(LZ4F_getErrorName(hint));
    frame = frame.subspan(consumed);
    filled += produced;
    if (filled > max_bytes) return too_large(max_bytes);
    if (hint == 0) break;
    if (filled == out.size()) {
      out.resize(std::min(cap, out.size() * 2));
    } else if (consumed == 0 && produced == 0) {
      return bad_frame("it ends too early");
    }
  }
  if (!frame.empty()) return bad_frame("bytes follow it");
  out.resize(filled);
  return out;
}

Packed pack(Bytes content, const CompressionSettings& settings) {
  if (settings.enabled && content.size() > settings.threshold_bytes) {
    Bytes frame = compress_lz4(content);
    if (frame.size() < content.size()) return {std::move(frame), true};
  }
  return {std::move(content), false};
}

}  // namespace p2p::membership
