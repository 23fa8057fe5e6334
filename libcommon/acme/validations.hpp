// Runs the validations of http-01 challenges in the background, a bounded number at once.
#pragma once

#include <deque>
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
  void start_next();
  boost::asio::awaitable<void> run(Job job, Running running);
  boost::asio::awaitable<void> validate(Job job);

  const ServerParts& parts_;
  Validator& validator_;
  net::BlockingPool& pool_;
  net::TaskGroup& tasks_;
  std::deque<Job> waiting_;
  std::size_t running_ = 0;
};

}  // namespace p2p::acme
