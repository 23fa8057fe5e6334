// The virtual network: how requests, links and dial backs fare between the machines.
#include <fmt/format.h>

#include "membership/compression.hpp"
#include "membership/message_codec.hpp"
#include "world.hpp"
#include "world_host.hpp"

namespace p2p::sim {

using namespace membership;

namespace {

constexpr milliseconds kRequestTimeout{2000};
constexpr milliseconds kLinkRetry{1000};
constexpr milliseconds kLatestReplay{20'000};
constexpr std::uint64_t kCodecShare = 32;  // one message in so many is encoded, packed and read back

}  // namespace

milliseconds World::delay() {
  return milliseconds{1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(settings_.max_delay.count())))};
}

bool World::reaches(const Host& from, const Host& to) const { return from.side == to.side; }

World::Host* World::by_address(const std::string& address) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? nullptr : found->second;
}

World::Host* World::by_name(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

World::MessagePtr World::through_codec(Message message) {
  ++message_count_;
  if (random_.below(kCodecShare) == 0) {
    const Packed packed = pack(encode_message(message), {});
    const auto unpacked = packed.is_lz4 ? decompress_lz4(packed.body, kMaxMessageBytes) : Result<Bytes>(packed.body);
    message = decode_message(unpacked.value()).value();
  }
  return std::make_shared<const Message>(std::move(message));
}

void World::request(Host& from, const std::string& address, Message message, Reply reply) {
  Host* to = by_address(address);
  const bool is_lost = random_.unit() < settings_.loss;
  if (to == nullptr || is_lost || !reaches(from, *to) || !to->dialable) {
    return later(from, kRequestTimeout, [reply] { reply(Error(Errc::unreachable, "nobody answers")); });
  }
  at(now_ + delay(), [this, &from, to, process = from.process, sent = through_codec(std::move(message)), reply] {
    if (from.process != process) return;
    const Reply answered = [this, &from, reply](const Result<MessagePtr>& answer) {
      const bool is_answer_lost = random_.unit() < settings_.loss / 2;
      if (!is_answer_lost) return later(from, delay(), [reply, answer] { reply(answer); });
      later(from, kRequestTimeout, [reply] { reply(Error(Errc::timeout, "the answer is lost")); });
    };
    if (to->machine == nullptr || !reaches(from, *to)) return answered(Error(Errc::unreachable, "refused"));
    answer(*to, from, *sent, answered);
    settle(*to);
    if (random_.unit() < settings_.replays) replay(from, *to, sent);
  });
}

/// Somebody on the way kept the message and delivers it once more, when it is old news.
void World::replay(Host& from, Host& to, MessagePtr sent) {
  const auto wait = milliseconds{1 + static_cast<int>(random_.below(kLatestReplay.count()))};
  at(now_ + wait, [this, &from, &to, sent = std::move(sent)] {
    if (to.machine == nullptr || !reaches(from, to)) return;
    answer(to, from, *sent, [](const Result<MessagePtr>&) {});
    settle(to);
  });
}

/// Runs `receive`, and checks that of no record among `records` an older version is held afterwards.
void World::watch_versions(Host& to, const CarriedRecords& records, const std::function<void()>& receive) {
  std::map<std::string, RecordVersion> before;
  for (const CarriedRecord& carried : records) {
    const auto known = checker_.remembered(carried.signed_record->record, instant(to).wall);
    if (known == nullptr) continue;
    const Node* node = to.machine->registry().find(known->record.node_id);
    if (node != nullptr) before[known->record.node_id] = version_of(*node->checked);
  }
  receive();
  for (const auto& [node_id, version] : before) {
    const Node* node = to.machine->registry().find(node_id);
    if (node != nullptr && version_of(*node->checked) >= version) continue;
    violation_ = fmt::format("{} went back to an older record of {}", to.name, node_id);
  }
}

void World::answer(Host& to, Host& from, const Message& message, const Reply& reply) {
  const auto* join = std::get_if<JoinMessage>(&message);
  if (join == nullptr) {
    const auto* pull = std::get_if<PullMessage>(&message);
    watch_versions(to, pull != nullptr ? pull->records : CarriedRecords(), [&] {
      auto answer = to.machine->receive(identity(from), message, instant(to));
      answer ? reply(through_codec(std::move(*answer))) : reply(answer.error());
    });
    return;
  }
  auto decision = to.machine->receive_join(identity(from), *join, instant(to));
  if (!decision) return reply(decision.error());
  if (auto* joined = std::get_if<JoinedMessage>(&*decision)) return reply(through_codec(std::move(*joined)));
  // Here every name has one host: an older process never answers, and that takes a moment to find out.
  later(to, delay(), [this, &to, &from, join = *join, probe = std::get<JoinProbe>(*decision), reply] {
    const auto finished = to.machine->finish_join(identity(from), join, probe, false, instant(to));
    const auto* joined = finished ? std::get_if<JoinedMessage>(&*finished) : nullptr;
    joined != nullptr ? reply(through_codec(*joined)) : reply(Error(Errc::unreachable, "put off"));
    settle(to);
  });
}

void World::exchange(Host& from, const ExchangeTarget& target) {
  auto exchange = std::make_shared<OutgoingExchange>(from.machine->begin_exchange(target.node_id, instant(from)));
  continue_exchange(from, std::move(exchange), target.node_id, target.addresses.front());
}

void World::continue_exchange(Host& from, std::shared_ptr<OutgoingExchange> exchange, const std::string& node_id,
                              const std::string& address) {
  request(from, address, exchange->request(),
          [this, &from, exchange, node_id, address](const Result<MessagePtr>& answer) {
            if (answer) {
              const auto more = exchange->take_answer(**answer, instant(from));
              if (more && *more) {
                continue_exchange(from, exchange, node_id, address);
              } else {
                from.machine->exchange_done(node_id);
              }
            } else {
              from.machine->exchange_failed(node_id, instant(from));
            }
            settle(from);
          });
}

void World::join(Host& from, const std::vector<std::string>& addresses) {
  const std::string& address = addresses[random_.below(addresses.size())];
  request(from, address, from.machine->join_request(instant(from)),
          [this, &from, address](const Result<MessagePtr>& answer) {
            if (!answer) return;
            const auto* joined = std::get_if<JoinedMessage>(answer->get());
            if (joined == nullptr || !from.machine->join_answered(*joined, address, instant(from))) return;
            connect_link(from);
            settle(from);
          });
}

void World::connect_link(Host& worker) {
  Host* coordinator = by_address(settings_.membership.coordinator_addresses.front());
  later(worker, delay(), [this, &worker, coordinator] {
    if (worker.link != nullptr) return;
    if (coordinator->machine == nullptr || !reaches(worker, *coordinator)) {
      return later(worker, kLinkRetry, [this, &worker] { connect_link(worker); });
    }
    worker.link = coordinator;
    worker.machine->link_up(coordinator->name, instant(worker));
    settle(worker);
    coordinator->machine->link_up(worker.name, instant(*coordinator));
    settle(*coordinator);
  });
}

void World::break_link(Host& worker, Duration noticed_after) {
  Host* coordinator = std::exchange(worker.link, nullptr);
  if (coordinator == nullptr) return;
  later(*coordinator, noticed_after, [this, &worker, coordinator] {
    if (worker.link == coordinator) return;  // a newer link has taken its place
    coordinator->machine->link_down(worker.name, instant(*coordinator));
    settle(*coordinator);
  });
  later(worker, noticed_after, [this, &worker, coordinator] {
    if (worker.link == coordinator) return;
    worker.machine->link_down(coordinator->name, instant(worker));
    settle(worker);
    connect_link(worker);
  });
}

void World::push(Host& from, const PushTo& push) {
  const MessagePtr message = through_codec(*push.message);
  for (const std::string& name : push.links) {
    Host* to = by_name(name);
    if (to == nullptr || (to->link != &from && from.link != to)) continue;
    const int process = to->process;
    at(now_ + delay(), [this, &from, to, process, message] {
      if (to->process != process || to->machine == nullptr || !reaches(from, *to)) return;
      const auto& pushed = std::get<PushMessage>(*message);
      watch_versions(*to, pushed.records,
                     [&] { (void)to->machine->receive_push(identity(from), pushed, instant(*to)); });
      settle(*to);
    });
  }
}

void World::dial_back(Host& from, const DialBack& target) {
  Host* to = by_name(target.node_id);
  const bool is_silent = to == nullptr || !reaches(from, *to) || !to->dialable;
  later(from, is_silent ? Duration(kRequestTimeout) : Duration(2 * delay()), [this, &from, to, is_silent, target] {
    const bool answered = !is_silent && to->machine != nullptr && reaches(from, *to);
    from.machine->dial_back_ended(target.node_id, answered, instant(from));
    settle(from);
  });
}

}  // namespace p2p::sim
