// Which of several addresses answers first: each is asked a quarter of a second after the one before it, or as soon as
// that has failed (RFC 8305 section 5), so that one that swallows every packet costs no more than that.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addresses/probe_plan.hpp"
#include "net/client.hpp"
#include "net/task_group.hpp"

namespace p2p::node {

/// One race; on the loop of `client`, in a shared_ptr, which those who lose hold until they end.
class AddressRace : public std::enable_shared_from_this<AddressRace> {
 public:
  /// The addresses are `host:port`, best first. `client` and `clock` outlive the tasks.
  AddressRace(boost::asio::any_io_executor executor, net::Client& client, net::TaskGroup& tasks,
              std::vector<std::string> addresses, net::ExpectedPeer peer, std::chrono::milliseconds timeout,
              const Clock& clock);

  /// The address whose node, the expected one, gave an answer to a small request, whatever it says; else the error of
  /// the last that failed. The connection is kept by the client for what follows. Attempts that are under way when it
  /// is cancelled come to their end by themselves.
  boost::asio::awaitable<Result<std::string>> run();

 private:
  boost::asio::awaitable<void> attempt(std::shared_ptr<AddressRace>, addresses::ProbePlan::Start start);

  net::Client& client_;
  net::TaskGroup& tasks_;
  const std::vector<std::string> addresses_;
  const net::ExpectedPeer peer_;
  const Clock& clock_;
  addresses::ProbePlan plan_;
  boost::asio::steady_timer changed_;
  std::optional<std::string> winner_;
  Error failure_{Errc::unreachable, "none of its addresses is host:port"};
};

}  // namespace p2p::node
