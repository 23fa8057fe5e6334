// What the coordinator's log store takes and answers, each figure beside its bound or what it is measured against in
// the same run: ingest over mutual TLS beside SQLite alone and rsyslog, bytes on disk beside JSON lines, searches among
// many records, the draining of a backlog beside live lines, and tail clients that read nothing. Exits 1 when a bound
// is missed. usage: logs_bench FOLDER [PART…]     PART: ingest, disk, query, backlog, stalled; all without one.
// RECORDS in the environment: how many `query` searches (10,000,000).
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>

#include "base/sqlite.hpp"
#include "logs/day_index.hpp"
#include "logs/record_json.hpp"
#include "logs_bench_fleet.hpp"
#include "logs_bench_peers.hpp"

namespace {

namespace fs = std::filesystem;
using namespace p2p;
using namespace p2p::bench;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

int missed = 0;

void figure(const std::string& what, double value, const std::string& unit) {
  fmt::print("{:<62} {:>12.2f} {}\n", what, value, unit);
  std::fflush(stdout);
}
void verdict(const std::string& what, double value, const std::string& unit, double bound, bool at_least) {
  const bool fine = at_least ? value >= bound : value <= bound;
  if (!fine) ++missed;
  fmt::print("{:<62} {:>12.2f} {:<10} {} {:.2f}{}\n", what, value, unit, at_least ? "at least" : "at most", bound,
             fine ? "" : "   MISSED");
  std::fflush(stdout);
}

double seconds_since(steady_clock::time_point then) {
  return std::chrono::duration<double>(steady_clock::now() - then).count();
}
double cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(use.ru_utime) + of(use.ru_stime);
}
double resident_megabytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}
double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kBacklog = 4 << 20;

/// Records a second that are stored in `time`, the workers being busy.
double ingest_rate(Fleet& fleet, std::chrono::duration<double> time) {
  const auto warm = steady_clock::now() + 500ms;
  fleet.produce(kBacklog, [&] { return steady_clock::now() > warm; });
  const std::uint64_t before = fleet.store->last_number();
  const auto begun = steady_clock::now();
  fleet.produce(kBacklog, [&] { return steady_clock::now() - begun > time; });
  const double elapsed = seconds_since(begun);
  return static_cast<double>(fleet.store->last_number() - before) / elapsed;
}

void measure_ingest(const fs::path& parent) {
  constexpr std::size_t kAlone = 2'000'000;
  double ours = 0;
  {
    TemporaryFolder folder(parent);
    Fleet fleet(folder.path(), kWorkers, 64 << 20);
    fleet.connect();
    const double cpu = cpu_seconds();
    const auto before = fleet.store->last_number();
    ours = ingest_rate(fleet, 10s);
    const double used = cpu_seconds() - cpu;
    verdict("ingest over mutual TLS, 4 workers, acknowledged after commit", ours, "records/s", 100'000, true);
    figure("  CPU a record, workers and coordinator together",
           1e6 * used / static_cast<double>(fleet.store->last_number() - before), "µs");
  }
  {
    TemporaryFolder folder(parent);
    const double alone = sqlite_alone(folder.path(), kAlone, 1500);
    figure("  SQLite alone, same schema and disk", alone, "records/s");
    figure("  ratio", ours / alone, "");
  }
  TemporaryFolder folder(parent);
  if (const auto rsyslog = rsyslog_alone(folder.path(), kAlone)) {
    figure("  rsyslog, plain TCP into a synced file", *rsyslog, "records/s");
    figure("  ratio", ours / *rsyslog, "");
  } else {
    fmt::print("  rsyslog is not installed\n");
  }
}

/// Stores records 1 … count of one stream a worker, as the collector would.
void fill(logs::Store& store, std::uint64_t count, std::string* json = nullptr) {
  constexpr std::uint64_t kBatch = 1500;
  for (std::uint64_t seq = 1; seq <= count;) {
    logs::StreamBatch batch;
    batch.node_id = fmt::format("worker-{}", seq / kBatch % kWorkers + 1);
    batch.epoch = 1;
    for (std::uint64_t end = std::min(seq + kBatch, count + 1); seq < end; ++seq)
      batch.records.push_back(sample_record(seq));
    batch.acknowledged = seq - 1;
    std::vector<logs::StreamBatch> batches;
    batches.push_back(std::move(batch));
    const auto stored = take(store.append(std::move(batches)));
    if (json == nullptr) continue;
    for (const auto& one : stored->records) {
      logs::append_record_json(*json, one.record, store.cursor(one.number).to_text());
      *json += '\n';
    }
  }
}

void measure_disk(const fs::path& parent) {
  constexpr std::uint64_t kRecords = 200'000;
  TemporaryFolder folder(parent);
  SystemClock clock;
  SeededRandom random(1);
  NullLogSink log;
  std::string json;
  {
    auto store = take(logs::Store::open({folder.path()}, clock, random, log));
    fill(*store, kRecords, &json);
  }
  double rows = 0, indexes = 0, beside = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().extension() == ".idx") beside += static_cast<double>(entry.file_size());
    if (entry.path().extension() != ".db") continue;
    auto database = take(Database::open(entry.path(), Database::Mode::read_only));
    auto sizes = take(database.prepare("SELECT s.name = 'records', sum(pgsize) FROM dbstat s GROUP BY 1"));
    while (take(sizes.step())) (sizes.integer(0) != 0 ? rows : indexes) += static_cast<double>(sizes.integer(1));
  }
  const double each = rows / kRecords, lines = static_cast<double>(json.size()) / kRecords;
  figure("disk: bytes a record as JSON lines", lines, "B");
  figure("disk: bytes a record, without indexes", each, "B");
  verdict("disk: ratio", each / lines, "", 0.75, false);
  figure("disk: ratio with all indexes", (each + (indexes + beside) / kRecords) / lines, "");
}

struct Search {
  std::string what;
  double bound;
  logs::FilterSpec spec;
  std::size_t expected;
};

void measure_query(const fs::path& parent) {
  const char* asked = std::getenv("RECORDS");
  const std::uint64_t count = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 10'000'000;
  TemporaryFolder folder(parent);
  SystemClock clock;
  SeededRandom random(1);
  NullLogSink log;
  auto store = take(logs::Store::open({folder.path()}, clock, random, log));
  const auto begun = steady_clock::now();
  fill(*store, count);
  figure("query: records stored", static_cast<double>(count), "");
  figure("  in", seconds_since(begun), "s");
  while (store->unindexed() >= logs::kIndexedTogether) std::this_thread::sleep_for(10ms);
  figure("  and indexed after", seconds_since(begun), "s");
  const auto rare = [&](std::uint64_t seq) { return fmt::format("REQUEST {:016x}", seq * 0x9E3779B97F4A7C15U); };
  const Search searches[] = {
      {"query: last 100 errors of one node", 50, {{"worker-2"}, {}, LogLevel::error, {}, {}, "", ""}, 100},
      {"query: last 100 records of one node", 50, {{"worker-3"}, {}, LogLevel::debug, {}, {}, "", ""}, 100},
      {"query: all of a node that has none", 50, {{"nobody"}, {}, LogLevel::debug, {}, {}, "", ""}, 0},
      {"full text: one record, old", 300, {{}, {}, LogLevel::debug, {}, {}, rare(count / 100), ""}, 1},
      {"full text: one record, in the middle", 300, {{}, {}, LogLevel::debug, {}, {}, rare(count / 2), ""}, 1},
      {"full text: one record, new", 300, {{}, {}, LogLevel::debug, {}, {}, rare(count - 10), ""}, 1},
      {"full text: a number of six digits in a path",
       300,
       {{}, {}, LogLevel::debug, {}, {}, fmt::format("/{} answered", count / 3), ""},
       1},
      {"full text: nothing, of words that are everywhere",
       300,
       {{}, {}, LogLevel::debug, {}, {}, "of table 1 of 3 rows", ""},
       0},
      {"full text: nothing", 300, {{}, {}, LogLevel::debug, {}, {}, "segmentation fault", ""}, 0},
      {"full text: a word that is everywhere", 300, {{}, {}, LogLevel::debug, {}, {}, "upstream", ""}, 100},
      {"full text: errors of one node with a number",
       300,
       {{"worker-1"}, {}, LogLevel::error, {}, {}, "answered 200", ""},
       100},
      {"expression: one record, old",
       300,
       {{},
        {},
        LogLevel::debug,
        {},
        {},
        "",
        fmt::format("answered [0-9]+ in .*request {:016x} ", count / 100 * 0x9E3779B97F4A7C15U)},
       1},
      {"expression: nothing, of two words", 300, {{}, {}, LogLevel::debug, {}, {}, "", "segmentation.*fault"}, 0},
  };
  for (const auto& search : searches) {
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < 11; ++i) {
      logs::Query query{take(logs::Filter::make(search.spec)), logs::Order::tail, 0, 100};
      const auto start = steady_clock::now();
      found = take(store->query(query)).records.size();
      times.push_back(1e3 * seconds_since(start));
    }
    if (found != search.expected) {
      fmt::print("{}: {} records instead of {}\n", search.what, found, search.expected);
      ++missed;
    }
    verdict(search.what + ", longest of 11", percentile(times, 1), "ms", search.bound, false);
  }
}

/// Reads a follower and measures how old the lines are when they come, by the `sent` in their messages.
class LiveLines {
 public:
  LiveLines(Fleet& fleet, const std::string& logger) : fleet_(fleet) {
    channel_ = fleet.follow(fmt::format(R"({{"logger_name":"{}"}})", logger));
    fleet.next(channel_);
    thread_ = std::thread([this] { run(); });
  }
  std::vector<double> end() {
    channel_->abort();
    thread_.join();
    return std::move(ages_);
  }
  static std::string stamp() { return fmt::format("sent {} ", steady_clock::now().time_since_epoch().count()); }

 private:
  void run() {
    for (std::string text = fleet_.next(channel_); !text.empty(); text = fleet_.next(channel_)) {
      const auto now = steady_clock::now().time_since_epoch().count();
      for (auto at = text.find("sent "); at != std::string::npos; at = text.find("sent ", at + 5))
        ages_.push_back(1e-6 * static_cast<double>(now - std::strtoll(text.c_str() + at + 5, nullptr, 10)));
    }
  }
  Fleet& fleet_;
  net::ChannelPtr channel_;
  std::vector<double> ages_;
  std::thread thread_;
};

void measure_backlog(const fs::path& parent) {
  constexpr std::uint64_t kRecords = 1'000'000;
  TemporaryFolder folder(parent);
  Fleet fleet(folder.path(), 3, 1 << 30);
  Worker& late = fleet.workers[0];
  while (late.next_seq <= kRecords) late.shipper->append(sample_record(late.next_seq++));
  fleet.connect(fleet.workers[1]);
  fleet.connect(fleet.workers[2]);
  LiveLines lines(fleet, "Live");
  const auto begun = steady_clock::now();
  fleet.connect(late);
  auto next = begun;
  while (late.shipper->spool_bytes() > 0) {
    for (Worker* worker : {&fleet.workers[1], &fleet.workers[2]}) {
      auto record = sample_record(worker->next_seq++);
      record.logger_name = "Live";
      record.message = LiveLines::stamp();
      worker->shipper->append(record);
    }
    next += 1ms;
    std::this_thread::sleep_until(next);
  }
  const double drained = static_cast<double>(kRecords) / seconds_since(begun);
  std::this_thread::sleep_for(500ms);
  const auto ages = lines.end();
  verdict("backlog of 1,000,000 records drains at", drained, "records/s", 50'000, true);
  figure("  live lines beside it", static_cast<double>(ages.size()), "");
  figure("  written to seen by a follower, p50", percentile(ages, 0.5), "ms");
  verdict("  written to seen by a follower, p99", percentile(ages, 0.99), "ms", 200, false);
}

/// The numbers of a follower's cursors, from its first message on, until `last` or the first that is out of order.
bool reads_without_gap(Fleet& fleet, const net::ChannelPtr& channel, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t expected = first; expected <= last;) {
    const std::string text = fleet.next(channel);
    if (text.empty()) return false;
    const std::string_view key = "\"cursor\":\"";
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      const auto number = std::strtoull(text.c_str() + text.find('-', at) + 1, nullptr, 10);
      // The message has one of its own, at its end.
      if (number == expected)
        ++expected;
      else if (number + 1 != expected)
        return false;
    }
  }
  return true;
}

void measure_stalled(const fs::path& parent) {
  constexpr std::size_t kClients = 100;
  TemporaryFolder folder(parent);
  Fleet fleet(folder.path(), kWorkers, 64 << 20);
  fleet.connect();
  ingest_rate(fleet, 1s);
  // In turns, as what else the machine does is larger than what is looked for.
  std::vector<double> ratios;
  double most = 0;
  bool gapless = true;
  for (int round = 0; round < 5; ++round) {
    const double free_rate = ingest_rate(fleet, 2s);
    const double before = resident_megabytes();
    std::vector<net::ChannelPtr> clients;
    const std::uint64_t first = fleet.store->last_number() + 1;
    const auto request = fmt::format(R"({{"cursor":"{}"}})", fleet.store->cursor(first - 1).to_text());
    for (std::size_t i = 0; i < kClients; ++i) clients.push_back(fleet.follow(request));
    ingest_rate(fleet, 3s);  // until the buffers of the sockets are full too
    const double stalled_rate = ingest_rate(fleet, 2s);
    ratios.push_back(stalled_rate / free_rate);
    most = std::max(most, resident_megabytes() - before);
    for (std::size_t i = 0; i < kClients; i += kClients / 2)
      gapless = reads_without_gap(fleet, clients[i], first, first + 50'000) && gapless;
    for (const auto& client : clients) client->abort();
  }
  verdict("100 stalled clients: ingest beside that without (median)", percentile(ratios, 0.5), "", 0.95, true);
  verdict("100 stalled clients: memory more", most, "MB", 64, false);
  verdict("100 stalled clients: go on without a gap", gapless ? 1 : 0, "", 1, true);
}

struct Part {
  const char* name;
  void (*measure)(const fs::path&);
};
constexpr Part kParts[] = {{"ingest", measure_ingest},
                           {"disk", measure_disk},
                           {"query", measure_query},
                           {"backlog", measure_backlog},
                           {"stalled", measure_stalled}};

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  if (argc < 2) {
    std::fprintf(stderr, "usage: logs_bench FOLDER [ingest|disk|query|backlog|stalled]...\n");
    return 2;
  }
  for (const auto& part : kParts) {
    bool wanted = argc == 2;
    for (int i = 2; i < argc; ++i) wanted = wanted || std::strcmp(argv[i], part.name) == 0;
    if (wanted) part.measure(argv[1]);
  }
  return missed == 0 ? 0 : 1;
}
