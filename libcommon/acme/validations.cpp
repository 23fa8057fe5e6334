#include "acme/validations.hpp"

#include <algorithm>

#include "acme/account_requests.hpp"

namespace p2p::acme {
namespace {

/// One account has at most this part of all validations.
constexpr std::size_t kShares = 4;

ProblemType type_of(Errc kind) {
  if (kind == Errc::not_found) return ProblemType::dns;
  if (kind == Errc::unreachable || kind == Errc::timeout) return ProblemType::connection;
  return ProblemType::unauthorized;
}

}  // namespace

void Validations::add(Authorization authorization, std::string thumbprint) {
  auto& queue = queues_[authorization.account];
  queue.waiting.push_back({std::move(authorization), std::move(thumbprint)});
  start_next();
}

Validations::Queues::iterator Validations::next_queue() {
  const std::size_t share = std::max<std::size_t>(1, parts_.settings.max_validations / kShares);
  const auto may_start = [&](const Queues::value_type& one) {
    return !one.second.waiting.empty() && one.second.running < share;
  };
  const auto after = queues_.upper_bound(last_account_);
  const auto found = std::find_if(after, queues_.end(), may_start);
  if (found != queues_.end()) return found;
  const auto before = std::find_if(queues_.begin(), after, may_start);
  return before == after ? queues_.end() : before;
}

void Validations::start_next() {
  while (running_ < parts_.settings.max_validations) {
    const auto next = next_queue();
    if (next == queues_.end()) return;
    auto& [account, queue] = *next;
    Job job = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    last_account_ = account;
    std::string name = "validation of " + job.authorization.identifier.text;
    tasks_.start(std::move(name), run(account, std::move(job), Running(running_), Running(queue.running)));
  }
}

boost::asio::awaitable<void> Validations::run(std::string account, Job job, Running running, Running of_account) {
  {
    const Running until_end(std::move(running));
    const Running until_end_of_account(std::move(of_account));
    co_await validate(std::move(job));
  }
  const auto queue = queues_.find(account);
  if (queue->second.waiting.empty() && queue->second.running == 0) queues_.erase(queue);
  start_next();
}

boost::asio::awaitable<Applicant> Validations::applicant_of(std::string account) {
  auto work = [&parts = parts_, account = std::move(account)] {
    const auto found = parts.store.find_account(account);
    if (!found || !*found) return Applicant::other;
    const auto grant = grant_of(parts, **found);
    return grant && grant->role ? Applicant::node : Applicant::other;
  };
  co_return co_await pool_.run(std::move(work));
}

boost::asio::awaitable<void> Validations::validate(Job job) {
  Authorization& authorization = job.authorization;
  std::string key_authorization = authorization.token + "." + job.thumbprint;
  const Applicant applicant = co_await applicant_of(authorization.account);
  auto asking = validator_.validate_http01(authorization.identifier, applicant, authorization.token,
                                           std::move(key_authorization));
  const auto outcome = co_await std::move(asking);
  // A shutdown decides nothing about the name: the next start takes the validation up again.
  if (!outcome && outcome.error().kind() == Errc::cancelled) co_return;
  if (outcome) {
    validation_succeeded(authorization, parts_.clock.wall(), parts_.settings.authorization_lifetime);
  } else {
    validation_failed(authorization, Refusal(type_of(outcome.error().kind()), outcome.error().context));
    parts_.log.warning("http-01 of {} failed: {}", authorization.identifier.text, outcome.error().context);
  }
  auto work = [&parts = parts_, authorization] {
    // Nothing happens when the client has deactivated it meanwhile.
    return parts.store.update_authorization(authorization, AuthorizationStatus::pending, ChallengeStatus::processing);
  };
  if (const auto updated = co_await pool_.run(std::move(work)); !updated) (void)internal_error(parts_, updated.error());
}

}  // namespace p2p::acme
