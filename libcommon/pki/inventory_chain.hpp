// The hash that links the events of an inventory's journal (inventory.hpp says of what).
#pragma once

#include <string_view>

#include "crypto/digest.hpp"

namespace p2p::pki {

struct JournalEntry {
  std::int64_t seq = 0;
  std::int64_t at = 0;
  std::string_view who;
  std::string_view kind;
  std::string_view body;
  ByteView attachment;
};

crypto::Sha256 hash_of(const crypto::Sha256& before, const JournalEntry& entry);

}  // namespace p2p::pki
