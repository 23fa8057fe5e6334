#include "vault/sealed_writer.hpp"

#include <algorithm>

namespace p2p::vault {
namespace {

/// What goes out in one system call: fits the processor's cache, and is encrypted straight into.
constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

class SealedWriter {
 public:
  SealedWriter(const Header& header, const Keys& keys, WholeFile& file)
      : header_(encode_header(header)), sealer_(keys.key, header.nonce, header_), chunk_(kChunkBytes), file_(file) {}

  Result<void> begin() { return file_.write(header_); }

  Result<void> put(ByteView piece) {
    while (!piece.empty()) {
      const std::size_t size = std::min(piece.size(), chunk_.size() - used_);
      sealer_.seal(piece.first(size), chunk_.data() + used_);
      used_ += size;
      piece = piece.subspan(size);
      if (used_ < chunk_.size()) continue;
      if (auto done = flush(); !done) return done;
    }
    return {};
  }

  Result<void> end() {
    if (auto done = flush(); !done) return done;
    return file_.write(sealer_.finish());
  }

 private:
  Result<void> flush() { return file_.write(ByteView(chunk_).first(std::exchange(used_, 0))); }

  HeaderBytes header_;
  crypto::AeadSealer sealer_;
  Bytes chunk_;  ///< ciphertext only
  std::size_t used_ = 0;
  WholeFile& file_;
};

}  // namespace

Result<void> write_sealed(const Header& header, const Keys& keys, const Contents& contents, WholeFile& file) {
  SealedWriter writer(header, keys, file);
  if (auto done = writer.begin(); !done) return done;
  const auto put = [&](ByteView piece) { return writer.put(piece); };
  if (auto done = write_archive(contents.entries(), put); !done) return done;
  return writer.end();
}

}  // namespace p2p::vault
