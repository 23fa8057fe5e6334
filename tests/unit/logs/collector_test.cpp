#include "logs/collector.hpp"

#include <chrono>
#include <future>
#include <thread>

#include "log_testing.hpp"
#include "logs/log_shipper.hpp"
#include "logs/memory_spool.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

struct CollectorFixture : StoreFixture {
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Collector> collector;
  std::mutex mutex;
  std::vector<AckMessage> acks;

  CollectorFixture() { start(); }
  void start() {
    hub = std::make_unique<Hub>(store->last_number());
    collector = std::make_unique<Collector>(*store, *hub, clock, sink);
  }
  void stop() {
    collector.reset();
    hub.reset();
  }
  Collector::Send keep_acks() {
    return [this](Bytes message) {
      const std::lock_guard lock(mutex);
      acks.push_back(std::get<AckMessage>(*decode(message)));
    };
  }
  /// The newest acknowledgement that came.
  AckMessage last_ack() {
    const std::lock_guard lock(mutex);
    return acks.empty() ? AckMessage{0, UINT64_MAX, false} : acks.back();
  }
  bool acknowledged(std::uint64_t seq) {
    return eventually([&] { return last_ack().seq == seq; });
  }
};

Bytes message_of(std::vector<Item> items, std::string_view node = "worker-1") {
  Bytes all;
  for (const auto& item : items) {
    const Bytes one =
        std::holds_alternative<Gap>(item) ? encode_item(std::get<Gap>(item)) : encode_item(std::get<LogRecord>(item));
    all.insert(all.end(), one.begin(), one.end());
  }
  return encode_records(node, items.size(), all);
}

/// What became of a clearing.
class Clearing {
 public:
  Clearing(Collector& collector, const std::string& node, const std::string& by) {
    collector.clear(node, by, [promise = promise_](Result<std::uint64_t> removed) { promise->set_value(removed); });
  }
  Result<std::uint64_t> wait() {
    auto removed = promise_->get_future();
    if (removed.wait_for(std::chrono::seconds{30}) != std::future_status::ready) FAIL("nobody says what became of it");
    return removed.get();
  }

 private:
  std::shared_ptr<std::promise<Result<std::uint64_t>>> promise_ =
      std::make_shared<std::promise<Result<std::uint64_t>>>();
};

/// Holds the collector's thread in the answer to a node, until it goes.
class HeldCollector {
 public:
  explicit HeldCollector(Collector& collector) {
    intake_ = collector.open("held", [released = released_.get_future().share()](Bytes) { released.wait(); });
    intake_->receive(encode(OpenMessage{"held", 1, 1})).value();
  }
  ~HeldCollector() { released_.set_value(); }

 private:
  std::promise<void> released_;
  std::unique_ptr<Collector::Intake> intake_;
};

/// A worker's shipper joined to an intake as a link would, on a thread of its own.
class Joined {
 public:
  Joined(LogShipper& shipper, Collector& collector, std::string node) : shipper_(shipper) {
    intake_ = collector.open(std::move(node), [inbox = inbox_](Bytes answer) {
      const std::lock_guard lock(inbox->mutex);
      inbox->answers.push_back(std::move(answer));
    });
    send(shipper_.on_connected());
    thread_ = std::thread([this] {
      while (!stopping_.load()) {
        std::vector<Bytes> answers;
        {
          const std::lock_guard lock(inbox_->mutex);
          answers.swap(inbox_->answers);
        }
        for (const auto& answer : answers) send(shipper_.on_message(answer).value());
        send(shipper_.poll());
        std::this_thread::yield();
      }
    });
  }
  ~Joined() {
    stopping_ = true;
    thread_.join();
    shipper_.on_disconnected();
    intake_.reset();
  }

 private:
  void send(const std::vector<Bytes>& messages) {
    for (const auto& message : messages) intake_->receive(message).value();
  }
  LogShipper& shipper_;
  std::unique_ptr<Collector::Intake> intake_;
  /// Owned by the collector's side too, which may be answering while this goes.
  struct Inbox {
    std::mutex mutex;
    std::vector<Bytes> answers;
  };
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE_FIXTURE(CollectorFixture, "a stream is acknowledged after it is stored, as far as it is contiguous") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 5})).value();
  CHECK(acknowledged(4));
  CHECK(last_ack().resend);
  CHECK(last_ack().epoch == 9);
  intake->receive(message_of({make_record(5), make_record(6), make_record(8)})).value();
  // What comes after a hole is asked for again.
  CHECK(acknowledged(6));
  CHECK(last_ack().resend);
  CHECK(sqlite(day(), "SELECT group_concat(seq) FROM log") == "5,6\n");
  intake->receive(message_of({make_record(7), make_record(8)})).value();
  CHECK(acknowledged(8));
  CHECK_FALSE(last_ack().resend);
  CHECK(sqlite(day(), "SELECT group_concat(seq) FROM log") == "5,6,7,8\n");
}

TEST_CASE_FIXTURE(CollectorFixture, "gaps fill the range that they name and become one visible record") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  intake->receive(message_of({make_record(1), Gap{2, 4, {3, 0, 0, 0, 0}}, make_record(5), Gap{6, 6, {0, 1, 0, 0, 0}}}))
      .value();
  CHECK(acknowledged(6));
  CHECK(sqlite(day(), "SELECT seq, level, message FROM log") ==
        "1|INFO|hello\n2|WARNING|lost 4 records, the spool was full: 3 DEBUG, 1 INFO\n5|INFO|hello\n");
  intake->receive(message_of({Gap{2, 4, {3, 0, 0, 0, 0}}, make_record(7)})).value();
  CHECK(acknowledged(7));
  CHECK(sqlite(day(), "SELECT count(*) FROM log") == "4\n");
}

TEST_CASE_FIXTURE(CollectorFixture,
                  "records in another node's name are stored under the certificate's, and that is said") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  intake->receive(message_of({make_record(1)}, "coordinator")).value();
  CHECK(acknowledged(1));
  CHECK(sqlite(day(), "SELECT node_id FROM log") == "worker-1\n");
  CHECK(sink.has("WARNING LogCollector: worker-1 sends log records in the name of \"coordinator\""));
}

TEST_CASE_FIXTURE(CollectorFixture, "after a restart a stream goes on where it was stored") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  intake->receive(message_of({make_record(1), make_record(2), make_record(4)})).value();
  CHECK(acknowledged(2));
  intake.reset();
  stop();
  reopen();
  start();
  intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  CHECK(eventually([&] { return last_ack().resend; }));
  CHECK(last_ack().seq == 2);
  intake->receive(message_of({make_record(3), make_record(4), make_record(5)})).value();
  CHECK(acknowledged(5));
  CHECK(sqlite(day(), "SELECT group_concat(seq) FROM log") == "1,2,3,4,5\n");
}

TEST_CASE_FIXTURE(CollectorFixture, "what does not keep the protocol is refused") {
  auto intake = collector->open("worker-1", keep_acks());
  CHECK_FALSE(intake->receive(to_bytes("garbage")).has_value());
  CHECK_FALSE(intake->receive(encode(AckMessage{1, 1, false})).has_value());
  intake->receive(message_of({make_record(1)})).value();  // before `open`: dropped
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  CHECK(acknowledged(0));
  const auto flood = intake->receive(message_of({make_record(1, std::string(10 << 20, 'x'))}));
  REQUIRE_FALSE(flood.has_value());
  CHECK(flood.error().kind() == Errc::limited);
}

TEST_CASE_FIXTURE(CollectorFixture, "hostile text is cut and cleaned before it is stored") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  LogRecord evil = make_record(1, std::string(1'000'000, 'y'), LogLevel::info, std::string(1000, 'L'));
  evil.attrs = "not json";
  intake->receive(message_of({evil, make_record(2, std::string("a\0b\xff\x1b[2J", 8))})).value();
  CHECK(acknowledged(2));
  CHECK(sqlite(day(), "SELECT length(message), length(logger_name), attrs FROM log WHERE seq = 1") ==
        "65536|256|{\"attrs_refused\":\"not a JSON object\",\"message_cut_from_bytes\":1000000}\n");
  CHECK(sqlite(day(), "SELECT hex(message) FROM log WHERE seq = 2") == "61E2908062EFBFBD1B5B324A\n");
}

TEST_CASE_FIXTURE(CollectorFixture,
                  "several nodes under load, links that break: nothing lost, nothing twice, in order") {
  constexpr std::uint64_t kRecords = 4000;
  constexpr int kNodes = 3;
  std::vector<std::unique_ptr<LogShipper>> shippers;
  for (int i = 0; i < kNodes; ++i) {
    shippers.push_back(std::make_unique<LogShipper>(
        "node-" + std::to_string(i), std::make_unique<MemorySpool>(100 + static_cast<std::uint64_t>(i)), clock));
  }
  std::vector<std::thread> writers;
  for (auto& shipper : shippers) {
    writers.emplace_back([&] {
      for (std::uint64_t seq = 1; seq <= kRecords; ++seq) shipper->append(make_record(seq));
    });
  }
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<Joined>> links;
    for (int i = 0; i < kNodes; ++i)
      links.push_back(
          std::make_unique<Joined>(*shippers[static_cast<std::size_t>(i)], *collector, "node-" + std::to_string(i)));
    const std::uint64_t target = store->last_number() + 500;
    eventually([&] { return store->last_number() >= std::min(target, kNodes * kRecords); });
    if (round == 2) {
      links.clear();
      stop();
      reopen();
      start();
    }
  }
  for (auto& writer : writers) writer.join();
  std::vector<std::unique_ptr<Joined>> links;
  for (int i = 0; i < kNodes; ++i)
    links.push_back(
        std::make_unique<Joined>(*shippers[static_cast<std::size_t>(i)], *collector, "node-" + std::to_string(i)));
  CHECK(eventually([&] {
    return std::all_of(shippers.begin(), shippers.end(), [](auto& one) { return one->spool_bytes() == 0; });
  }));
  links.clear();
  stop();
  CHECK(sqlite(day(), "SELECT node_id, count(*), count(DISTINCT seq), max(seq) FROM log GROUP BY node_id") ==
        "node-0|4000|4000|4000\nnode-1|4000|4000|4000\nnode-2|4000|4000|4000\n");
  CHECK(sqlite(day(),
               "SELECT count(*) FROM (SELECT seq - lag(seq) OVER (PARTITION BY node_id ORDER BY number) AS step "
               "FROM log) WHERE step <> 1") == "0\n");
}

TEST_CASE_FIXTURE(CollectorFixture, "a store that fails stops acknowledging, says why, and recovers by itself") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 9, 1})).value();
  CHECK(acknowledged(0));
  clock.advance(std::chrono::hours{24});  // a new file is needed, and cannot be made
  const auto away = folder.path().string() + ".away";
  std::filesystem::rename(folder.path(), away);
  intake->receive(message_of({make_record(1)})).value();
  CHECK(eventually([&] { return collector->trouble().has_value(); }));
  CHECK(sink.has("ERROR LogCollector: cannot store log records"));
  CHECK(last_ack().seq == 0);
  std::filesystem::rename(away, folder.path());
  {
    const std::lock_guard lock(mutex);
    acks.clear();
  }
  CHECK(acknowledged(0));  // asks to send again
  CHECK(last_ack().resend);
  intake->receive(message_of({make_record(1)})).value();
  CHECK(acknowledged(1));
  CHECK_FALSE(collector->trouble().has_value());
  CHECK(sink.has("INFO LogCollector: log records are stored again"));
}

TEST_CASE_FIXTURE(CollectorFixture, "clearing deletes one node's records and leaves an audit record") {
  auto one = collector->open("worker-1", keep_acks());
  auto two = collector->open("worker-2", [](Bytes) {});
  std::vector<Item> items;
  for (std::uint64_t seq = 1; seq <= 5000; ++seq) items.emplace_back(make_record(seq));
  two->receive(encode(OpenMessage{"worker-2", 1, 1})).value();
  two->receive(message_of({make_record(1)}, "worker-2")).value();
  one->receive(encode(OpenMessage{"worker-1", 1, 1})).value();
  one->receive(message_of(items)).value();
  CHECK(acknowledged(5000));
  CHECK(Clearing(*collector, "worker-1", "operator/alice").wait().value() == 5000);
  CHECK(sqlite(day(), "SELECT node_id, seq FROM log") == "worker-2|1\n");
  CHECK(sink.has("INFO Audit: operator/alice cleared 5000 log records of worker-1"));
  // The stream goes on after what it had.
  one->receive(message_of({make_record(5000), make_record(5001)})).value();
  CHECK(acknowledged(5001));
  CHECK(sqlite(day(), "SELECT node_id, seq FROM log") == "worker-2|1\nworker-1|5001\n");
}

TEST_CASE_FIXTURE(CollectorFixture, "of two clearings at once the second is refused, and who asks does not wait") {
  std::optional<HeldCollector> held(*collector);
  Clearing first(*collector, "", "alice");
  Clearing second(*collector, "", "bob");
  CHECK(second.wait().error().kind() == Errc::limited);
  held.reset();
  CHECK(first.wait().value() == 0);
  CHECK(Clearing(*collector, "", "bob").wait().has_value());
  stop();
}

TEST_CASE_FIXTURE(CollectorFixture, "a clearing that the end comes before says so") {
  auto intake = collector->open("worker-1", keep_acks());
  intake->receive(encode(OpenMessage{"worker-1", 1, 1})).value();
  for (std::uint64_t seq = 1; seq <= 10'000;) {
    std::vector<Item> items;
    for (int i = 0; i < 5000; ++i) items.emplace_back(make_record(seq++));
    intake->receive(message_of(items)).value();
  }
  CHECK(acknowledged(10'000));
  std::optional<HeldCollector> held(*collector);
  Clearing clearing(*collector, "", "alice");  // in two steps at least
  std::thread stopping([&] { collector->stop(); });
  // Told so, the collector takes nothing more.
  CHECK(eventually([&] { return Clearing(*collector, "", "bob").wait().error().kind() == Errc::cancelled; }));
  held.reset();
  CHECK(clearing.wait().error().kind() == Errc::cancelled);
  stopping.join();
}

TEST_CASE_FIXTURE(CollectorFixture, "more than memory should hold is asked for again, and stored a little at a time") {
  constexpr std::size_t kNodes = 40;  // each with less than a link may have under way, together 74 MiB
  constexpr std::uint64_t kRecords = 30;
  struct Node {
    std::atomic<std::uint64_t> stored{0};
    std::atomic<int> resends{0};
    std::unique_ptr<Collector::Intake> intake;
  };
  std::vector<Node> nodes(kNodes);
  std::atomic<int> commits{0};
  std::optional<Hub::Subscription> subscription(std::in_place, *hub, [&] { ++commits; });
  const auto name = [](std::size_t i) { return "node-" + std::to_string(i); };
  const auto send = [&](std::size_t i) {
    std::vector<Item> items;
    for (std::uint64_t seq = nodes[i].stored + 1; seq <= kRecords; ++seq)
      items.emplace_back(make_record(seq, std::string(65'000, 'm')));
    if (!items.empty()) nodes[i].intake->receive(message_of(items, name(i))).value();
  };
  for (std::size_t i = 0; i < kNodes; ++i) {
    nodes[i].intake = collector->open(name(i), [&node = nodes[i]](Bytes message) {
      const auto ack = std::get<AckMessage>(*decode(message));
      node.stored = ack.seq;
      if (ack.resend) ++node.resends;
    });
    nodes[i].intake->receive(encode(OpenMessage{name(i), 1, 1})).value();
  }
  CHECK(eventually(
      [&] { return std::all_of(nodes.begin(), nodes.end(), [](auto& node) { return node.resends == 1; }); }));
  {
    const HeldCollector held(*collector);
    for (std::size_t i = 0; i < kNodes; ++i) send(i);
  }
  const auto is_refused = [](const Node& node) { return node.resends > 1; };
  const auto is_done = [&](const Node& node) { return node.stored == kRecords || is_refused(node); };
  CHECK(eventually([&] { return std::all_of(nodes.begin(), nodes.end(), is_done); }));
  CHECK(std::count_if(nodes.begin(), nodes.end(), is_refused) >= 1);
  CHECK(commits >= 7);
  for (std::size_t i = 0; i < kNodes; ++i) {
    if (is_refused(nodes[i])) send(i);
  }
  CHECK(eventually(
      [&] { return std::all_of(nodes.begin(), nodes.end(), [&](auto& node) { return node.stored == kRecords; }); }));
  for (auto& node : nodes) node.intake.reset();
  subscription.reset();
  stop();
  CHECK(sqlite(day(), "SELECT count(*), count(DISTINCT seq || node_id) FROM log") == "1200|1200\n");
}
