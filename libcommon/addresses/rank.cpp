#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "addresses/exclusion.hpp"
#include "addresses/path_evidence.hpp"
#include "addresses/ranking.hpp"
#include "addresses/ways.hpp"

namespace p2p::addresses {
namespace {

/// What is compared, in this order; lower comes first.
constexpr std::array<std::string_view, 11> kCriteria{
    "its way to the coordinator has proved better",
    "by its rule",
    "its interface leads further",
    "it leads to the coordinator's first address",
    "its prefix is longer",
    "the kernel takes it as the source by itself",
    "IPv4 comes before IPv6",
    "its default route has the lower metric",
    "its way is shorter",
    "it has no lifetime",
    "the kernel lists it first",
};
using Key = std::array<std::int64_t, kCriteria.size()>;
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

struct Entry {
  Candidate candidate{};
  Key key{};
};

/// One own address after the other finds its place or its exclusion.
class Ranker {
 public:
  Ranker(const Inventory& inventory, const RankingFacts& facts)
      : inventory_(inventory), facts_(facts), evidence_(facts.probes, facts.coordinators) {
    const auto verdicts = classify(inventory);
    for (const Address& address : inventory.addresses) {
      for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i].link == address.link) {
          own_.push_back({&address, &inventory.links[i], verdicts[i].link_class});
        }
      }
    }
  }

  /// Loopback and link-local addresses are among them.
  std::vector<OwnAddress> usable() const {
    std::vector<OwnAddress> out;
    for (const OwnAddress& own : own_) {
      if (!excluded_by_state(own, facts_)) out.push_back(own);
    }
    return out;
  }

  Ranking run() {
    const auto candidates = usable();
    const Ways ways(inventory_, facts_, evidence_, candidates);
    std::vector<OwnAddress> link_local;
    for (const OwnAddress& own : own_) {
      if (auto excluding = excluding_of(own, ways)) {
        if (excluding->why == Exclusion::link_local) link_local.push_back(own);
        exclude(own, std::move(*excluding));
      } else {
        accept(own, ways.of(own));
      }
    }
    add_what_is_not_of_this_machine();
    if (entries_.empty() && !has_foreign_peer()) use_link_local(link_local, ways);
    return finish();
  }

 private:
  std::optional<Excluding> excluding_of(const OwnAddress& own, const Ways& ways) const {
    if (auto by_state = excluded_by_state(own, facts_)) return by_state;
    if (auto by_question = excluded_by_question(own, facts_)) return by_question;
    if (auto by_operator = excluded_by_operator(own, inventory_, facts_)) return by_operator;
    const IpAddress& address = own.address->address;
    // What is left of these two was named, by its address.
    const bool is_named = (facts_.advertised && facts_.advertised->form == Advertised::Form::address) ||
                          (facts_.bind_address && !facts_.bind_address->is_unspecified());
    if (address.is_loopback() && !is_named && !ways.to_this_host(own)) {
      return Excluding{Exclusion::loopback, "it reaches this machine only"};
    }
    if (auto by_peer = excluded_by_peer(own, facts_, evidence_.from(address))) return by_peer;
    if (address.is_link_local() && !is_named && !ways.needs_link_local(own)) {
      return Excluding{Exclusion::link_local, "it means nothing beyond its link"};
    }
    return std::nullopt;
  }

  void exclude(const OwnAddress& own, Excluding excluding) {
    out_.excluded.push_back(
        {own.address->address.to_text(), own.link->name, own.link_class, excluding.why, std::move(excluding.reason)});
  }

  void accept(const OwnAddress& own, const Way& way) {
    const IpAddress& address = own.address->address;
    Entry entry;
    Candidate& candidate = entry.candidate;
    candidate.address = address.to_text();
    candidate.interface = own.link->name;
    candidate.link_class = own.link_class;
    candidate.rank = way.rule;
    candidate.rule = facts_.advertised ? Rule::advertised : way.rule;
    candidate.prefix_length = way.prefix_length;
    candidate.reason = facts_.advertised ? fmt::format("the operator wants {}", facts_.advertised->text) : way.reason;
    add_evidence(candidate, address);
    if (candidate.seen_as)
      candidate.reason += fmt::format("; the coordinator sees it as {}", candidate.seen_as->to_text());
    entry.key = {static_cast<std::int64_t>(level_of(candidate.path)),
                 static_cast<std::int64_t>(way.rule),
                 static_cast<std::int64_t>(std::max(own.link_class, LinkClass::lan)),
                 static_cast<std::int64_t>(way.coordinator),
                 -way.prefix_length,
                 way.is_kernel_choice ? 0 : 1,
                 address.is_v6() ? 1 : 0,
                 default_metric(own),
                 candidate.round_trip ? candidate.round_trip->count() : kNone,
                 own.address->is_permanent ? 0 : 1,
                 static_cast<std::int64_t>(entries_.size())};
    entries_.push_back(std::move(entry));
  }

  void add_evidence(Candidate& candidate, const IpAddress& address) const {
    bool is_tried = false;
    Path best = Path::fails;
    const EvidenceFrom& from_here = evidence_.from(address);
    for (std::size_t i = 0; i < facts_.coordinators.size(); ++i) {
      const PathEvidence& found = from_here.to(i);
      if (found.path == Path::untried || found.is_foreign) continue;
      is_tried = true;
      best = std::min(best, found.path);
      if (found.seen_as) candidate.seen_as = found.seen_as;
      if (found.path == Path::fails || !found.round_trip) continue;
      if (!candidate.round_trip || *found.round_trip < *candidate.round_trip) candidate.round_trip = found.round_trip;
    }
    if (is_tried) candidate.path = best;
  }

  std::int64_t default_metric(const OwnAddress& own) const {
    std::int64_t out = kNone;
    for (const Route& route : inventory_.routes) {
      if (route.is_default() && route.link == own.link->index &&
          route.destination.address.is_v6() == own.address->address.is_v6()) {
        out = std::min(out, static_cast<std::int64_t>(route.metric));
      }
    }
    return out;
  }

  /// A forwarded address, or a host name: the operator knows.
  void add_what_is_not_of_this_machine() {
    if (!facts_.advertised || facts_.advertised->form == Advertised::Form::network) return;
    const Advertised& wanted = *facts_.advertised;
    if (wanted.is_interface) return;
    const bool is_address = wanted.form == Advertised::Form::address;
    if (is_address ? inventory_.owns(wanted.address) : inventory_.link(wanted.text) != nullptr) return;
    Entry entry;
    entry.candidate.address = wanted.text;
    entry.candidate.rule = entry.candidate.rank = Rule::advertised;
    entry.candidate.reason = fmt::format("the operator wants {}, which is not of this machine", wanted.text);
    entries_.push_back(std::move(entry));
  }

  /// Then the addresses are good enough, and it is the others that are not.
  bool has_foreign_peer() const {
    return std::any_of(out_.excluded.begin(), out_.excluded.end(),
                       [](const ExcludedAddress& other) { return other.why == Exclusion::foreign_peer; });
  }

  void use_link_local(const std::vector<OwnAddress>& link_local, const Ways& ways) {
    for (const OwnAddress& own : link_local) {
      const std::string text = own.address->address.to_text();
      std::erase_if(out_.excluded, [&](const ExcludedAddress& other) {
        return other.address == text && other.interface == own.link->name;
      });
      accept(own, ways.of(own));
    }
  }

  Ranking finish() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    out_.decision = decision();
    for (const Rule rule : kRules) {
      RuleNote note{rule, {}, false};
      for (const Entry& entry : entries_) {
        if (entry.candidate.rule == rule) note.addresses.push_back(entry.candidate.address);
      }
      note.decided = !entries_.empty() && entries_.front().candidate.rule == rule;
      out_.notes.push_back(std::move(note));
    }
    for (Entry& entry : entries_) out_.candidates.push_back(std::move(entry.candidate));
    return std::move(out_);
  }

  std::string decision() const {
    if (entries_.empty()) return "no address is left";
    const Candidate& first = entries_.front().candidate;
    if (entries_.size() == 1) return fmt::format("{} is the only one left: {}", first.address, first.reason);
    const Entry& second = entries_[1];
    const auto& key = entries_.front().key;
    std::size_t at = 0;
    while (at + 1 < key.size() && key[at] == second.key[at]) ++at;
    const bool by_rule = kCriteria[at] == "by its rule";
    return fmt::format("{} comes before {}: {}", first.address, second.candidate.address,
                       by_rule ? first.reason : kCriteria[at]);
  }

  const Inventory& inventory_;
  const RankingFacts& facts_;
  const EvidenceIndex evidence_;
  std::vector<OwnAddress> own_;
  std::vector<Entry> entries_;
  Ranking out_;
};

}  // namespace

std::string Coordinator::target() const {
  return address.is_v6() ? fmt::format("[{}]:{}", address.to_text(), port)
                         : fmt::format("{}:{}", address.to_text(), port);
}

std::string_view to_text(Path path) noexcept {
  switch (path) {
    case Path::works: return "works";
    case Path::answers: return "answers";
    case Path::one_way: return "one-way";
    case Path::untried: return "untried";
    case Path::fails: break;
  }
  return "fails";
}

Ranking rank(const Inventory& inventory, const RankingFacts& facts) { return Ranker(inventory, facts).run(); }

std::vector<RouteQuestion> route_questions(const Inventory& inventory, const std::vector<Coordinator>& coordinators) {
  std::vector<RouteQuestion> out;
  for (const Coordinator& coordinator : coordinators) {
    out.push_back({coordinator.address, std::nullopt});
    for (const Address& own : inventory.addresses) {
      const bool fits = own.address.is_v6() == coordinator.address.is_v6() && !own.address.is_loopback() &&
                        !own.is_tentative && !own.is_duplicate;
      if (fits && out.size() < kMaxRouteQuestions) out.push_back({coordinator.address, own.address.without_zone()});
    }
  }
  return out;
}

std::vector<IpAddress> sources_to_probe(const Inventory& inventory, const RankingFacts& facts) {
  RankingFacts unprobed = facts;
  unprobed.probes.clear();
  std::vector<IpAddress> out;
  for (const Candidate& candidate : rank(inventory, unprobed).candidates) {
    const auto address = IpAddress::parse(candidate.address);
    if (address && !candidate.interface.empty()) out.push_back(*address);
  }
  return out;
}

}  // namespace p2p::addresses
