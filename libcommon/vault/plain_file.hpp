// Plain files whose content is secret, read into memory that is wiped.
#pragma once

#include "base/file.hpp"
#include "crypto/secret_buffer.hpp"

namespace p2p::vault {

/// Errors as of open_file or, where `secret` is set, of open_secret_file; `too_large` past the limit.
Result<crypto::SecretBuffer> read_plain_file(const std::filesystem::path& path, std::size_t max_bytes, bool secret);

/// All of a file that is open, whatever size it was said to have; `path` is for messages.
Result<crypto::SecretBuffer> read_to_end(const OpenFile& file, const std::filesystem::path& path,
                                         std::size_t max_bytes);

}  // namespace p2p::vault
