// Plain files whose content is secret, read into memory that is wiped.
#pragma once

#include "base/file.hpp"
#include "crypto/secret_buffer.hpp"

namespace p2p::vault {

/// Errors as of open_file or, where `secret` is set, of open_secret_file; `too_large` past the limit.
Result<crypto::SecretBuffer> read_plain_file(const std::filesystem::path& path, std::size_t max_bytes, bool secret);

/// The regular files below a folder, as names from there with `/`, in order. Symbolic links are not followed; hidden
/// files, and what is in hidden folders, are left out. `not_found` when the folder is absent.
Result<std::vector<std::string>> plain_files_below(const std::filesystem::path& folder);

}  // namespace p2p::vault
