#include "vault/plain_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "vault/limits.hpp"

namespace p2p::vault {

namespace fs = std::filesystem;

Result<crypto::SecretBuffer> read_plain_file(const fs::path& path, std::size_t max_bytes, bool secret) {
  const auto file = secret ? open_secret_file(path) : open_file(path);
  if (!file) return file.error();
  if (file->size_bytes > max_bytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", path.string(), max_bytes));
  }
  crypto::SecretBuffer out(file->size_bytes);
  const auto got = read_some(*file, out.bytes());
  if (!got) return Error(got.error().code, path.string() + ": " + got.error().context);
  out.shrink(*got);
  return out;
}

Result<std::vector<std::string>> plain_files_below(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  fs::recursive_directory_iterator each(folder, failed);
  for (const fs::recursive_directory_iterator end; !failed && each != end; each.increment(failed)) {
    if (each->path().filename().string().starts_with('.')) {
      each.disable_recursion_pending();
      continue;
    }
    if (each->symlink_status(failed).type() != fs::file_type::regular) continue;
    out.push_back(each->path().lexically_relative(folder).generic_string());
    if (out.size() > kMaxEntryCount) {
      return Error(Errc::too_large, fmt::format("{}: more than {} files", folder.string(), kMaxEntryCount));
    }
  }
  if (failed) return system_error(failed.value(), folder.string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace p2p::vault
