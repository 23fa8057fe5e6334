// Messages as CBOR. Members by type ("[a b]*" is one flat array):
//   digest   cluster, buckets, heartbeats, suspicions, bulletins      join    cluster, record section of one
//   diff     covered, listing, heartbeats, suspicions, bulletins      joined  exceed, record section of one
//   pull     cluster, record section, wanted, wanted_bulletins, contents
//   records  record section, contents
//   push     record section, suspicions, bulletins, contents
// buckets     bytes: for each non-empty bucket its number (1 byte) and sum (8, big-endian), in rising order
// covered     bytes: the numbers of the buckets
// heartbeats  [node_id incarnation counter age]*       suspicions  [node_id incarnation]*
// listing     [node_id incarnation short_hash short_certificate]*      wanted  [node_id short_certificate]*
// bulletins, wanted_bulletins  [kind version]*      contents  [kind bytes]*; each is left out when it is empty
// A record section is four arrays side by side, so that what does not compress stays together: records, signatures,
// certificates (empty bytes: the one that you hold), heartbeats_of [counter age]* (counter 0: none). An age is in
// tenths of a second, rounded up. Unknown members are ignored. Pure.
#pragma once

#include "base/error.hpp"
#include "membership/message.hpp"

namespace p2p::membership {

Bytes encode_message(const Message& message);

/// `too_large` past kMaxMessageBytes or a count limit, `damaged` for anything that is not such a message.
Result<Message> decode_message(ByteView bytes);

}  // namespace p2p::membership
