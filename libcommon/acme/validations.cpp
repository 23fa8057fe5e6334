#include "acme/validations.hpp"

#include <utility>

namespace p2p::acme {
namespace {

ProblemType type_of(Errc kind) {
  if (kind == Errc::not_found) return ProblemType::dns;
  if (kind == Errc::unreachable || kind == Errc::timeout) return ProblemType::connection;
  return ProblemType::unauthorized;
}

/// Counts a running validation, however it ends.
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

}  // namespace

void Validations::add(Authorization authorization, std::string thumbprint) {
  waiting_.push_back({std::move(authorization), std::move(thumbprint)});
  start_next();
}

void Validations::start_next() {
  while (!waiting_.empty() && running_ < parts_.settings.max_validations) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    tasks_.start("validation of " + job.authorization.identifier.text, run(std::move(job)));
  }
}

boost::asio::awaitable<void> Validations::run(Job job) {
  {
    const Running running(running_);
    Authorization& authorization = job.authorization;
    std::string key_authorization = authorization.token + "." + job.thumbprint;
    const auto outcome = co_await validator_.validate_http01(authorization.identifier, authorization.token,
                                                             std::move(key_authorization));
    // A shutdown decides nothing about the name: the next start takes the validation up again.
    if (!outcome && outcome.error().kind() == Errc::cancelled) co_return;
    const WallTime now = parts_.clock.wall();
    if (outcome) {
      validation_succeeded(authorization, now, parts_.settings.authorization_lifetime);
    } else {
      validation_failed(authorization, Refusal(type_of(outcome.error().kind()), outcome.error().context));
      parts_.log.warning("http-01 of {} failed: {}", authorization.identifier.text, outcome.error().context);
    }
    auto work = [&parts = parts_, authorization] {
      // Nothing happens when the client has deactivated it meanwhile.
      return parts.store.update_authorization(authorization, AuthorizationStatus::pending, ChallengeStatus::processing);
    };
    if (const auto updated = co_await pool_.run(std::move(work)); !updated)
      (void)internal_error(parts_, updated.error());
  }
  start_next();
}

}  // namespace p2p::acme
