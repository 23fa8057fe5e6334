// Runs the validations of http-01 challenges in the background, a bounded number at once, and of each account a part of
// that: an account whose names do not answer makes nobody else wait.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "acme/http01.hpp"
#include "acme/server_parts.hpp"
#include "net/blocking_pool.hpp"
#include "net/task_group.hpp"

namespace p2p::acme {

/// Every member is called on the group's executor.
class Validations {
 public:
  Validations(const ServerParts& parts, Validator& validator, net::BlockingPool& pool, net::TaskGroup& tasks)
      : parts_(parts), validator_(validator), pool_(pool), tasks_(tasks) {}

  /// The challenge of `authorization` is processing; it ends valid or invalid. `thumbprint` is of the account's key.
  void add(Authorization authorization, std::string thumbprint);

 private:
  struct Job {
    Authorization authorization;
    std::string thumbprint;
  };
  /// Counts a validation from its start to its end, however it ends.
  class Running {
   public:
    explicit Running(std::size_t& count) : count_(&count) { ++count; }
    Running(Running&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Running& operator=(Running&&) = delete;
    ~Running() {
      if (count_ != nullptr) --*count_;
    }

   private:
    std::size_t* count_;
  };
  struct Queue {
    std::deque<Job> waiting;
    std::size_t running = 0;
  };
  /// Accounts with something to do; they take turns.
  using Queues = std::map<std::string, Queue, std::less<>>;
  Queues::iterator next_queue();
  void start_next();
  boost::asio::awaitable<void> run(std::string account, Job job, Running running, Running of_account);
  boost::asio::awaitable<Applicant> applicant_of(std::string account);
  boost::asio::awaitable<void> validate(Job job);

  const ServerParts& parts_;
  Validator& validator_;
  net::BlockingPool& pool_;
  net::TaskGroup& tasks_;
  Queues queues_;
  std::string last_account_;  // whose turn it was
  std::size_t running_ = 0;
};

}  // namespace p2p::acme
