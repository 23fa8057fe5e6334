#include "logs/searches.hpp"

namespace p2p::logs {

Error Searches::given_up_error() { return {Errc::cancelled, "the search was given up"}; }

void Searches::add(std::string asker, Job job) {
  {
    const std::lock_guard lock(mutex_);
    auto& jobs = waiting_[asker];
    if (jobs.empty()) turns_.push_back(std::move(asker));
    jobs.push_back(std::move(job));
  }
  pool_.post([this] { run_next(); });
}

/// Once for each job that was added, but not necessarily that one.
void Searches::run_next() {
  Job job;
  {
    const std::lock_guard lock(mutex_);
    std::string asker = std::move(turns_.front());
    turns_.pop_front();
    const auto at = waiting_.find(asker);
    job = std::move(at->second.front());
    at->second.pop_front();
    if (at->second.empty())
      waiting_.erase(at);
    else
      turns_.push_back(std::move(asker));
  }
  job();
}

}  // namespace p2p::logs
