#include "logs/shipper.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "base/random.hpp"
#include "logs/memory_spool.hpp"

using namespace p2p;
using namespace p2p::logs;
using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t kEpoch = 77;

void append(Spool& spool, LogLevel level = LogLevel::info, std::size_t bytes = 10) {
  LogRecord record;
  record.seq = spool.last_seq() + 1;
  record.level = level;
  record.logger_name = "L";
  record.message = std::string(bytes, 'x');
  spool.append(record.seq, level, encode_item(record), {});
}

/// A coordinator in miniature: what it stored survives its connections.
struct Peer {
  std::uint64_t stored = 0;
  std::vector<std::uint64_t> records;  // seqs, in order of storing
  LevelCounts lost{};

  /// Stores, and gives the answer.
  Bytes receive(const Bytes& message) {
    const auto decoded = decode(message);
    REQUIRE(decoded.has_value());
    if (const auto* open = std::get_if<OpenMessage>(&*decoded)) {
      CHECK(open->epoch == kEpoch);
      stored = std::max(stored, open->first_seq - 1);
      return encode(AckMessage{kEpoch, stored, true});
    }
    for (const auto& item : std::get<RecordsMessage>(*decoded).items) {
      if (const auto* record = std::get_if<LogRecord>(&item)) {
        if (record->seq <= stored) continue;
        CHECK(record->seq == stored + 1);
        records.push_back(record->seq);
        stored = record->seq;
      } else {
        const Gap& gap = std::get<Gap>(item);
        if (gap.last_seq <= stored) continue;
        CHECK(gap.first_seq == stored + 1);
        stored = gap.last_seq;
        for (std::size_t i = 0; i < lost.size(); ++i) lost[i] += gap.lost[i];
      }
    }
    return encode(AckMessage{kEpoch, stored, false});
  }
};

std::size_t items_in(const Bytes& message) { return std::get<RecordsMessage>(*decode(message)).items.size(); }

Shipper connected(Spool& spool) {
  Shipper out("worker-1", spool);
  out.on_connected();
  REQUIRE(out.on_message(encode(AckMessage{kEpoch, spool.first_seq() - 1, true})).has_value());
  return out;
}

}  // namespace

TEST_CASE("a stream opens with its first number and waits for the answer") {
  MemorySpool spool(kEpoch);
  append(spool);
  append(spool);
  spool.acknowledge(1);
  Shipper shipper("worker-1", spool);
  CHECK(shipper.poll(Monotonic{}).empty());
  const auto messages = shipper.on_connected();
  REQUIRE(messages.size() == 1);
  const auto open = std::get<OpenMessage>(*decode(messages[0]));
  CHECK(open.node_id == "worker-1");
  CHECK(open.first_seq == 2);
  CHECK(shipper.poll(Monotonic{}).empty());
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, 1, true})).has_value());
  const auto sent = shipper.poll(Monotonic{});
  REQUIRE(sent.size() == 1);
  CHECK(items_in(sent[0]) == 1);
}

TEST_CASE("a record after quiet leaves at once, the next when the interval is over, together") {
  MemorySpool spool(kEpoch);
  Shipper shipper = connected(spool);
  const Monotonic start{milliseconds{1000}};
  CHECK_FALSE(shipper.next_wakeup());
  append(spool);
  REQUIRE(shipper.next_wakeup());
  CHECK(*shipper.next_wakeup() <= start);
  CHECK(shipper.poll(start).size() == 1);
  CHECK_FALSE(shipper.next_wakeup());
  append(spool);
  append(spool);
  CHECK(shipper.poll(start + kFlushInterval - milliseconds{1}).empty());
  CHECK(*shipper.next_wakeup() == start + kFlushInterval);
  const auto sent = shipper.poll(start + kFlushInterval);
  REQUIRE(sent.size() == 1);
  CHECK(items_in(sent[0]) == 2);
}

TEST_CASE("a full batch does not wait") {
  MemorySpool spool(kEpoch);
  Shipper shipper = connected(spool);
  const Monotonic start{milliseconds{1000}};
  append(spool);
  shipper.poll(start);
  for (std::uint64_t i = 0; i < kBatchRecords; ++i) append(spool);
  CHECK(*shipper.next_wakeup() < start);
  CHECK(shipper.poll(start).size() == 1);
}

TEST_CASE("the window bounds what is under way, and an acknowledgement opens it") {
  MemorySpool spool(kEpoch);
  Shipper shipper = connected(spool);
  for (int i = 0; i < 60; ++i) append(spool, LogLevel::info, 60'000);
  std::size_t bytes = 0;
  std::uint64_t last = 0;
  for (const auto& message : shipper.poll(Monotonic{milliseconds{1}})) {
    bytes += message.size();
    last += items_in(message);
  }
  CHECK(bytes >= kWindowBytes);
  CHECK(bytes < kMaxUnacknowledgedBytes);
  CHECK_FALSE(shipper.next_wakeup());
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, last, false})).has_value());
  CHECK(shipper.next_wakeup());
  CHECK(spool.first_seq() == last + 1);
}

TEST_CASE("a peer that breaks the protocol is told apart") {
  MemorySpool spool(kEpoch);
  append(spool);
  Shipper shipper = connected(spool);
  CHECK_FALSE(shipper.on_message(encode(AckMessage{kEpoch, 2, false})).has_value());  // never written
  CHECK_FALSE(shipper.on_message(encode(OpenMessage{"x", 1, 1})).has_value());        // a worker's message
  CHECK_FALSE(shipper.on_message(to_bytes("garbage")).has_value());
  CHECK(shipper.on_message(encode(AckMessage{kEpoch + 1, 1, true})).has_value());  // of an earlier life: ignored
  CHECK(spool.first_seq() == 1);
}

TEST_CASE("a coordinator that has more than the spool gets all that is there in a new epoch, and is believed once") {
  MemorySpool spool(kEpoch);
  append(spool);
  append(spool);
  spool.acknowledge(1);
  Shipper shipper("worker-1", spool);
  shipper.on_connected();
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, 50, true})).has_value());
  REQUIRE(shipper.next_wakeup());
  auto messages = shipper.poll(Monotonic{milliseconds{1}});
  REQUIRE(messages.size() == 1);
  const auto open = std::get<OpenMessage>(*decode(messages[0]));
  CHECK(open.epoch != kEpoch);
  CHECK(open.first_seq == 2);
  CHECK(shipper.poll(Monotonic{milliseconds{1}}).empty());
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, 60, false})).has_value());  // of the epoch before
  REQUIRE(shipper.on_message(encode(AckMessage{open.epoch, 1, true})).has_value());
  messages = shipper.poll(Monotonic{milliseconds{1}});
  REQUIRE(messages.size() == 1);
  CHECK(items_in(messages[0]) == 1);
  CHECK_FALSE(shipper.on_message(encode(AckMessage{open.epoch, 50, true})).has_value());
}

namespace {

/// Numbers up to 3 are of one epoch, and those behind of another.
class TwoEpochs final : public Spool {
 public:
  std::uint64_t epoch() const override { return first_seq() <= 3 ? kEpoch : kEpoch + 1; }
  std::uint64_t epoch_end() const override { return first_seq() <= 3 ? 3 : kMaxSeq; }
  void begin_epoch() override { FAIL("nothing is wrong with it"); }
  std::uint64_t first_seq() const override { return inner_.first_seq(); }
  std::uint64_t last_seq() const override { return inner_.last_seq(); }
  std::size_t size_bytes() const override { return inner_.size_bytes(); }
  bool has_room() const override { return true; }
  bool is_failing() const override { return false; }
  std::optional<std::string> source_position(const std::string&) const override { return {}; }
  void append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) override {
    inner_.append(seq, level, std::move(item), position);
  }
  std::uint64_t ready_to(std::uint64_t) override { return std::min(last_seq(), epoch_end()); }
  SpoolChunk read_from(std::uint64_t seq, std::size_t) const override { return inner_.read_from(seq, 1); }
  SpoolChunk take_from(std::uint64_t seq, std::size_t) override { return inner_.take_from(seq, 1); }
  void mark_sent(std::uint64_t seq) override { inner_.mark_sent(seq); }
  void acknowledge(std::uint64_t seq) override { inner_.acknowledge(seq); }
  void set_changed(std::function<void()>) override {}

 private:
  MemorySpool inner_{kEpoch};
};

}  // namespace

TEST_CASE("the next epoch is opened once all of the one before is stored") {
  // The coordinator has 0 to 9 numbers of the first epoch, of which the spool knows 3.
  for (std::uint64_t known = 0; known < 10; ++known) {
    CAPTURE(known);
    TwoEpochs spool;
    for (int i = 0; i < 5; ++i) append(spool);
    Shipper shipper("worker-1", spool);
    auto outgoing = shipper.on_connected();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> received;
    std::uint64_t epoch = 0, stored = 0;
    for (int step = 1; !outgoing.empty(); ++step) {
      REQUIRE(step < 20);
      for (const auto& message : std::exchange(outgoing, {})) {
        const auto decoded = decode(message);
        bool resend = false;
        if (const auto* open = std::get_if<OpenMessage>(&*decoded)) {
          epoch = open->epoch;
          stored = epoch == kEpoch ? known : open->first_seq - 1;
          resend = true;
        } else {
          for (const auto& item : std::get<RecordsMessage>(*decoded).items) {
            stored = std::get<LogRecord>(item).seq;
            received.emplace_back(epoch, stored);
          }
        }
        REQUIRE(shipper.on_message(encode(AckMessage{epoch, stored, resend})).has_value());
      }
      outgoing = shipper.poll(Monotonic{milliseconds{step * 100}});
    }
    std::vector<std::pair<std::uint64_t, std::uint64_t>> expected;
    for (std::uint64_t seq = known + 1; seq <= 3; ++seq) expected.emplace_back(kEpoch, seq);
    for (std::uint64_t seq = 4; seq <= 5; ++seq) expected.emplace_back(kEpoch + 1, seq);
    CHECK(received == expected);
    CHECK(spool.size_bytes() == 0);
  }
}

TEST_CASE("an acknowledgement of what was not sent yet leaves nothing to send") {
  MemorySpool spool(kEpoch);
  Shipper shipper = connected(spool);
  append(spool);
  append(spool);
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, 2, false})).has_value());
  CHECK_FALSE(shipper.next_wakeup());
  CHECK(shipper.poll(Monotonic{milliseconds{1}}).empty());
}

TEST_CASE("a connection lost at every step loses and repeats nothing") {
  // Each run cuts the connection after `cut` messages in either direction, again and again.
  for (int cut = 0; cut < 40; ++cut) {
    MemorySpool spool(kEpoch);
    Shipper shipper("worker-1", spool);
    Peer peer;
    Monotonic now{milliseconds{1}};
    for (int round = 0; round < 60; ++round) {
      int budget = round < 50 ? cut : 1000;  // the last rounds are left in peace
      auto outgoing = shipper.on_connected();
      for (int step = 0; step < 6 && budget > 0; ++step) {
        if (round < 50) append(spool, LogLevel::info, 30'000);
        for (const auto& message : outgoing) {
          if (--budget < 0) break;
          const Bytes answer = peer.receive(message);
          if (--budget < 0) break;
          REQUIRE(shipper.on_message(answer).has_value());
        }
        now += kFlushInterval;
        outgoing = shipper.poll(now);
      }
      shipper.on_disconnected();
      CHECK(shipper.poll(now).empty());
    }
    REQUIRE(peer.stored == spool.last_seq());
    CHECK(peer.records.size() + peer.lost[1] == spool.last_seq());
    CHECK(spool.size_bytes() == 0);
  }
}

TEST_CASE("a full spool drops the oldest of the lowest level and says how many") {
  MemorySpool spool(kEpoch, 64 << 10);
  std::map<LogLevel, std::uint64_t> written;
  SeededRandom random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto level = static_cast<LogLevel>(random.below(3));
    append(spool, level, 200);
    ++written[level];
    REQUIRE(spool.size_bytes() <= (64 << 10));
  }
  Shipper shipper("worker-1", spool);
  Peer peer;
  shipper.on_connected();
  REQUIRE(shipper.on_message(encode(AckMessage{kEpoch, 0, true})).has_value());
  for (const auto& message : shipper.poll(Monotonic{milliseconds{1}})) {
    const Bytes answer = peer.receive(message);
    REQUIRE(shipper.on_message(answer).has_value());
  }
  CHECK(peer.stored == 1000);
  CHECK(peer.lost[0] == written[LogLevel::debug]);  // all of the lowest went before any WARNING
  CHECK(peer.records.size() + peer.lost[0] + peer.lost[1] + peer.lost[2] == 1000);
  CHECK(peer.records.back() > 990);
  CHECK(spool.size_bytes() == 0);
}

TEST_CASE("what was sent is never dropped, so that gaps count exactly") {
  MemorySpool spool(kEpoch, 10'000);
  for (int i = 0; i < 10; ++i) append(spool, LogLevel::debug, 200);
  spool.mark_sent(5);
  for (int i = 0; i < 100; ++i) append(spool, LogLevel::error, 200);
  const auto chunk = spool.read_from(1, 1 << 20);
  const auto decoded = decode(encode_records("n", chunk.item_count, chunk.items));
  REQUIRE(decoded.has_value());
  std::set<std::uint64_t> kept;
  for (const auto& item : std::get<RecordsMessage>(*decoded).items) {
    if (const auto* record = std::get_if<LogRecord>(&item)) kept.insert(record->seq);
  }
  for (std::uint64_t seq = 1; seq <= 5; ++seq) CHECK(kept.contains(seq));
  for (std::uint64_t seq = 6; seq <= 10; ++seq) CHECK_FALSE(kept.contains(seq));
  CHECK(kept.contains(110));
}
