#include "vault/plain_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p::vault {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastReadBytes = 4096;

}  // namespace

Result<crypto::SecretBuffer> read_to_end(const OpenFile& file, const fs::path& path, std::size_t max_bytes) {
  const Error too_large(Errc::too_large, fmt::format("{}: larger than {} bytes", path.string(), max_bytes));
  if (file.size_bytes > max_bytes) return too_large;
  // A byte more, by which the end shows. Files of /proc say a size of 0, and others may be growing.
  crypto::SecretBuffer out(std::max<std::size_t>(file.size_bytes + 1, kLeastReadBytes));
  std::size_t size = 0;
  for (;;) {
    const auto got = read_some(file, out.bytes().subspan(size));
    if (!got) return Error(got.error().code, path.string() + ": " + got.error().context);
    size += *got;
    if (size > max_bytes) return too_large;
    if (size < out.size()) break;
    crypto::SecretBuffer larger(2 * size);
    std::copy_n(out.data(), size, larger.data());
    out = std::move(larger);
  }
  out.shrink(size);
  return out;
}

Result<crypto::SecretBuffer> read_plain_file(const fs::path& path, std::size_t max_bytes, bool secret) {
  const auto file = secret ? open_secret_file(path) : open_file(path);
  if (!file) return file.error();
  return read_to_end(*file, path, max_bytes);
}

}  // namespace p2p::vault
