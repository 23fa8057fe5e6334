// A fleet of real membership machines on a virtual network: seeded, single-threaded, and as fast as they compute.
// Delay, loss, partitions, refused connections, nodes that cannot be dialled, kills, restarts with or without their
// state, and wall clocks that are off.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <vector>

#include "base/random.hpp"
#include "fake_signing.hpp"
#include "membership/membership.hpp"

namespace p2p::sim {

using std::chrono::milliseconds;
using Duration = Monotonic::duration;

struct WorldSettings {
  std::uint64_t seed = 1;
  int node_count = 100;   ///< the first one is the coordinator
  double loss = 0.2;      ///< of requests; links are TCP, they delay or break
  double replays = 0.01;  ///< share of the requests that arrive a second time, up to 20 s later
  milliseconds max_delay{60};
  double undialable_share = 0.1;  ///< of the workers
  milliseconds max_clock_skew{0};
  membership::Settings membership;
  bool trace = false;
};

/// Short intervals, so that a minute of the fleet's life is short; every rule is a ratio of these.
membership::Settings brisk_settings();

class World {
 public:
  explicit World(WorldSettings settings);
  ~World();

  int count() const { return static_cast<int>(hosts_.size()); }
  Random& random() { return random_; }
  Duration now() const { return now_; }

  void start(int node);
  void kill(int node);   ///< no goodbye; connections to it are refused from now on
  void leave(int node);  ///< a clean goodbye, then the process ends
  void forget_state(int node);
  void renew_certificate(int node);
  void set_services(int node, std::vector<membership::ServiceVersion> services);
  /// At a node that is up: gives the fleet the next version of this kind, with so many bytes of padding.
  void publish(int node, const std::string& kind, std::size_t padding = 0);
  bool was_published(const std::string& kind) const { return published_.contains(kind); }
  /// A hostile node hands this content to `victim`, in an exchange and in a push.
  void offer_bulletin(int hostile, int victim, const std::string& kind, const Bytes& content);
  /// Nodes with different numbers do not reach each other; links between them break.
  void partition(const std::function<int(int)>& side_of);
  void heal();
  bool is_divided() const;
  void set_loss(double share);

  /// Runs events until `time` after the beginning.
  void run_until(Duration time);
  void at(Duration time, std::function<void()> what);

  bool is_up(int node) const;
  membership::Membership& machine(int node);
  std::string name_of(int node) const;

  /// nullopt when every live node lists every live node alive, at the owner's own version, no other node alive or
  /// suspected, all bucket sums are equal, and each node holds the newest bulletins; else the first difference.
  std::optional<std::string> difference() const;
  /// What must never happen and did: a node went back to an older record or bulletin, or took a forged one.
  const std::optional<std::string>& violation() const { return violation_; }

  std::uint64_t message_count() const { return message_count_; }

 private:
  struct Host;
  struct Event {
    Duration time;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(other.time, other.order) < std::tie(time, order);  // the earliest is the queue's top
    }
  };
  using MessagePtr = std::shared_ptr<const membership::Message>;
  using Reply = std::function<void(const Result<MessagePtr>&)>;

  membership::Instant instant(const Host& host) const;
  milliseconds delay();
  bool reaches(const Host& from, const Host& to) const;
  Host* by_address(const std::string& address) const;
  Host* by_name(const std::string& name) const;
  pki::Identity identity(const Host& host) const;
  /// Runs `what` later if the host's process is still the same one then.
  void later(Host& host, Duration delay, std::function<void()> what);
  MessagePtr through_codec(membership::Message message);

  void settle(Host& host);
  void take_bulletins(Host& host, const std::vector<membership::BulletinPtr>& bulletins);
  void wake(Host& host);
  void request(Host& from, const std::string& address, membership::Message message, Reply reply);
  void answer(Host& to, Host& from, const membership::Message& message, const Reply& reply);
  void replay(Host& from, Host& to, MessagePtr sent);
  void watch_versions(Host& to, const membership::CarriedRecords& records, const std::function<void()>& receive);
  void exchange(Host& from, const membership::ExchangeTarget& target);
  void continue_exchange(Host& from, std::shared_ptr<membership::OutgoingExchange> exchange, const std::string& node_id,
                         const std::string& address);
  void join(Host& from, const std::vector<std::string>& addresses);
  void push(Host& from, const membership::PushTo& push);
  void dial_back(Host& from, const membership::DialBack& target);
  void connect_link(Host& worker);
  void break_link(Host& worker, Duration noticed_after);
  void trace(const Host& host, const std::string& text) const;

  WorldSettings settings_;
  SeededRandom random_;
  FakeVerifier verifier_;
  membership::RecordChecker checker_;  ///< shared: a record is parsed once in the whole world
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<std::string, Host*> addresses_, names_;
  std::priority_queue<Event> events_;
  std::map<std::string, std::uint64_t> published_;  ///< the newest version by kind
  std::uint64_t order_ = 0;
  Duration now_{};
  std::uint64_t message_count_ = 0;
  std::optional<std::string> violation_;
};

}  // namespace p2p::sim
