// Everything that membership reads from outside. The first byte chooses the reader; messages that decode are handed to
// a live machine, which must survive them and keep its own record.
#include <cstdlib>

#include "../sim/fake_signing.hpp"
#include "membership/compression.hpp"
#include "membership/membership.hpp"
#include "membership/message_codec.hpp"

namespace {

using namespace p2p;
using namespace p2p::membership;

const Instant kNow{Monotonic{std::chrono::hours{1}}, WallTime{std::chrono::seconds{1'800'000'000}}};
const pki::Identity kPeer{"p2p", pki::Role::worker, "peer"};

void feed(const Message& message) {
  sim::FakeVerifier verifier;
  RecordChecker checker("p2p", verifier, sim::sha256);
  sim::FakeSigner signer({"p2p", pki::Role::coordinator, "hub"});
  SeededRandom random(1);
  SelfFacts facts;
  facts.node_id = "hub";
  Membership machine({}, facts, pki::Role::coordinator, signer, checker, random, {}, kNow);
  if (!machine.start(kNow)) std::abort();
  (void)machine.receive(kPeer, message, kNow);
  auto exchange = machine.begin_exchange("peer", kNow);
  (void)exchange.take_answer(message, kNow);
  (void)exchange.take_answer(message, kNow);
  if (const auto* push = std::get_if<PushMessage>(&message)) (void)machine.receive_push(kPeer, *push, kNow);
  if (const auto* join = std::get_if<JoinMessage>(&message)) (void)machine.receive_join(kPeer, *join, kNow);
  if (const auto* joined = std::get_if<JoinedMessage>(&message)) (void)machine.join_answered(*joined, "a:1", kNow);
  machine.tick(kNow);
  (void)to_json(*machine.view(), kNow.wall);
  if (machine.registry().find("hub") == nullptr) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0]) {
    case 'm':
      if (const auto message = decode_message(input)) {
        if (!decode_message(encode_message(*message))) std::abort();
        feed(*message);
      }
      break;
    case 'r':
      if (const auto record = decode_record(input)) {
        if (decode_record(encode_record(*record)).value() != *record) std::abort();
      }
      break;
    case 'z': {
      const auto content = decompress_lz4(input, kMaxMessageBytes);
      if (content && content->size() > kMaxMessageBytes) std::abort();
      break;
    }
    case 's': (void)decode_state(as_text(input), "hub"); break;
    default: break;
  }
  return 0;
}
