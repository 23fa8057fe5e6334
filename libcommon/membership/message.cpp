#include "membership/message.hpp"

namespace p2p::membership {

std::string_view type_of(const Message& message) noexcept { return kMessageTypes[message.index()]; }

std::size_t wire_size(const CarriedRecord& record) noexcept {
  constexpr std::size_t kHeads = 4 + 4 + 4 + 9;  // CBOR heads of three byte strings, and a number
  const SignedRecord& what = *record.signed_record;
  return what.record.size() + what.signature.size() + (record.with_certificate ? what.certificate.size() : 0) + kHeads;
}

std::size_t wire_size(const Listed& listed) noexcept { return listed.node_id.size() + 2 + 3 * 9; }

}  // namespace p2p::membership
