// The reader of vaults, without the cryptography between its two halves: the input is a header and an archive. What is
// taken must be within the limits, and be the same once it is written and read again.
#include <cstdlib>

#include "base/text.hpp"
#include "vault/archive.hpp"
#include "vault/header.hpp"
#include "vault/limits.hpp"

namespace {

using namespace p2p;
using vault::PackedEntry;

/// Keeps a run fast; sizes beyond are only compared.
constexpr std::size_t kMaxUnpackedBytes = std::size_t{1} << 20;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_header(ByteView input) {
  const auto header = vault::parse_header(input);
  if (!header) return;
  require(header->iterations >= vault::kMinIterations && header->iterations <= vault::kMaxIterations);
  const auto again = vault::encode_header(*header);
  require(as_text(again) == as_text(input.first(again.size())));
}

void check_entry(const PackedEntry& entry, ByteView archive) {
  require(!entry.name.empty() && entry.name.size() <= vault::kMaxNameBytes);
  for (const auto& part : split(entry.name, '/')) require(!part.empty() && part != "." && part != "..");
  require(entry.packed.data() >= archive.data());
  require(entry.packed.data() + entry.packed.size() <= archive.data() + archive.size());
  if (entry.content_bytes > kMaxUnpackedBytes) return;
  Bytes out(entry.content_bytes);
  (void)vault::unpack(entry, out);
}

void check_again(const std::vector<PackedEntry>& entries) {
  std::vector<const PackedEntry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  Bytes written;
  const auto append = [&](ByteView piece) -> Result<void> {
    written.insert(written.end(), piece.begin(), piece.end());
    return {};
  };
  require(vault::write_archive(pointers, append).has_value());
  require(written.size() == vault::archive_bytes(pointers));
  const auto again = vault::parse_archive(written);
  require(again.has_value() && again->size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    require((*again)[i].name == entries[i].name && (*again)[i].checksum == entries[i].checksum);
    require(as_text((*again)[i].packed) == as_text(entries[i].packed));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_header(input);
  const auto entries = vault::parse_archive(input);
  if (!entries) return 0;
  for (const auto& entry : *entries) check_entry(entry, input);
  check_again(*entries);
  return 0;
}
