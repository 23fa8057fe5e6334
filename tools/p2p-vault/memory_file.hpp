// A file in memory alone (memfd_create), for programs that want a file.
#pragma once

#include "base/descriptor.hpp"
#include "crypto/secret_buffer.hpp"

namespace p2p::vault_tool {

/// Its pages go when the last process closes it. Programs that this one starts inherit it.
class MemoryFile {
 public:
  static Result<MemoryFile> make(ByteView content);

  /// `/dev/fd/7`: names it in this process and in those that inherit it.
  std::string path() const;
  Result<crypto::SecretBuffer> read(std::size_t max_bytes) const;

 private:
  explicit MemoryFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace p2p::vault_tool
