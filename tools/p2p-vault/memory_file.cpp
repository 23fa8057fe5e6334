#include "memory_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/disk.hpp"

namespace p2p::vault_tool {
namespace {

Error memory_error(int errno_value) { return system_error(errno_value, "a file in memory"); }

}  // namespace

Result<MemoryFile> MemoryFile::make(ByteView content) {
  // Without MFD_CLOEXEC: it is for others.
  MemoryFile out(Descriptor(::memfd_create("p2p-vault", 0)));
  if (out.descriptor_.get() < 0 || ::fchmod(out.descriptor_.get(), 0600) != 0) return memory_error(errno);
  while (!content.empty()) {
    const ssize_t put = system_disk().write(out.descriptor_.get(), content);
    if (put < 0) return memory_error(static_cast<int>(-put));
    content = content.subspan(static_cast<std::size_t>(put));
  }
  ::lseek(out.descriptor_.get(), 0, SEEK_SET);
  return out;
}

std::string MemoryFile::path() const { return fmt::format("/dev/fd/{}", descriptor_.get()); }

Result<crypto::SecretBuffer> MemoryFile::read(std::size_t max_bytes) const {
  struct stat facts {};
  if (::fstat(descriptor_.get(), &facts) != 0) return memory_error(errno);
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size > max_bytes) return Error(Errc::too_large, fmt::format("it has more than {} bytes", max_bytes));
  crypto::SecretBuffer out(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_.get(), out.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0) return memory_error(errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.shrink(done);
  return out;
}

}  // namespace p2p::vault_tool
