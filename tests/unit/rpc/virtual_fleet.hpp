// Other nodes without a network.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rpc/forwarder.hpp"

namespace p2p::test {

namespace asio = boost::asio;
using namespace rpc;

/// A fleet in memory: each node answers as told, and every request is kept.
class VirtualFleet final : public Transport, public ClusterView, public LocalCalls {
 public:
  enum class Behaviour {
    answers,
    refuses_connection,
    breaks_after_sending,
    moves_after_sending,  ///< once; then it answers
    hangs,
    fails_itself,
    talks_nonsense,
    is_busy,
    forbids,
    answers_too_much,
    answers_last
  };

  asio::awaitable<TransportResult> send(OutgoingCall call) override {
    if (call.request.find("services.describe") != std::string::npos) {
      described.push_back(call);
      co_return TransportAnswer{200, R"({"jsonrpc":"2.0","result":)" + description + R"(,"id":1})"};
    }
    sent.push_back(call);
    const auto behaviour = behaviours.contains(call.node_id) ? behaviours.at(call.node_id) : Behaviour::answers;
    if (behaviour == Behaviour::hangs) {
      asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
      co_return TransportError{Error(Errc::cancelled, "cancelled"), true};
    }
    if (behaviour == Behaviour::answers_last) {
      while (answered_count < others_first) co_await asio::post(asio::use_awaitable);
      // What they answered takes some turns of the loop until it is with the caller.
      for (int turns = 0; turns < 1000; ++turns) co_await asio::post(asio::use_awaitable);
    }
    ++answered_count;
    if (behaviour == Behaviour::moves_after_sending) behaviours[call.node_id] = Behaviour::answers;
    co_return at_once(behaviour, call.node_id);
  }
  std::shared_ptr<const std::vector<Candidate>> members() const override {
    return std::make_shared<std::vector<Candidate>>(candidates);
  }
  asio::awaitable<Outcome> call_here(CallContext) override { co_return Outcome("\"here\""); }

  std::vector<Candidate> candidates{{"c1", pki::Role::coordinator}, {"w1"}, {"w2"}};
  std::map<std::string, Behaviour> behaviours;
  std::vector<OutgoingCall> sent;
  std::size_t answered_count = 0;
  /// What answers last waits for so many answers.
  std::size_t others_first = 0;
  /// What a node answers, as JSON; its name unless said.
  std::map<std::string, std::string> results;
  /// What each node says of a service, and who was asked.
  std::string description = "{}";
  std::vector<OutgoingCall> described;

 private:
  TransportResult at_once(Behaviour behaviour, const std::string& node) const {
    switch (behaviour) {
      case Behaviour::refuses_connection: return TransportError{Error(Errc::unreachable, "refused"), false};
      case Behaviour::breaks_after_sending: return TransportError{Error(Errc::unreachable, "reset"), true};
      case Behaviour::moves_after_sending: return TransportError{Error(Errc::unreachable, "reset"), true, true};
      case Behaviour::fails_itself:
        return TransportAnswer{200, R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no disk"},"id":1})"};
      case Behaviour::talks_nonsense: return TransportAnswer{200, "<html>"};
      case Behaviour::is_busy: return TransportAnswer{429, ""};
      case Behaviour::forbids: return TransportAnswer{403, ""};
      case Behaviour::answers_too_much: return TransportError{Error(Errc::too_large, "larger than 5 bytes"), true};
      case Behaviour::answers:
      case Behaviour::answers_last:
      case Behaviour::hangs: break;
    }
    const std::string result = results.contains(node) ? results.at(node) : '"' + node + '"';
    return TransportAnswer{200, R"({"jsonrpc":"2.0","result":)" + result + R"(,"id":1})"};
  }
};

}  // namespace p2p::test
