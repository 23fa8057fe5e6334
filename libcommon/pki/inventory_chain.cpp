#include "pki/inventory_chain.hpp"

namespace p2p::pki {
namespace {

void put(Bytes& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

void put(Bytes& out, ByteView bytes) {
  put(out, std::uint64_t{bytes.size()});
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

crypto::Sha256 hash_of(const crypto::Sha256& before, const JournalEntry& entry) {
  Bytes out(before.begin(), before.end());
  put(out, static_cast<std::uint64_t>(entry.seq));
  put(out, static_cast<std::uint64_t>(entry.at));
  for (const std::string_view text : {entry.who, entry.kind, entry.body}) put(out, as_bytes(text));
  put(out, entry.attachment);
  return crypto::sha256(out);
}

}  // namespace p2p::pki
