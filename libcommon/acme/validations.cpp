#include "acme/validations.hpp"

namespace p2p::acme {
namespace {

ProblemType type_of(Errc kind) {
  if (kind == Errc::not_found) return ProblemType::dns;
  if (kind == Errc::unreachable || kind == Errc::timeout) return ProblemType::connection;
  return ProblemType::unauthorized;
}

}  // namespace

void Validations::add(Authorization authorization, std::string thumbprint) {
  waiting_.push_back({std::move(authorization), std::move(thumbprint)});
  start_next();
}

void Validations::start_next() {
  while (!waiting_.empty() && running_ < parts_.settings.max_validations) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    std::string name = "validation of " + job.authorization.identifier.text;
    tasks_.start(std::move(name), run(std::move(job), Running(running_)));
  }
}

boost::asio::awaitable<void> Validations::run(Job job, Running running) {
  {
    const Running until_end(std::move(running));
    co_await validate(std::move(job));
  }
  start_next();
}

boost::asio::awaitable<void> Validations::validate(Job job) {
  Authorization& authorization = job.authorization;
  std::string key_authorization = authorization.token + "." + job.thumbprint;
  const auto outcome =
      co_await validator_.validate_http01(authorization.identifier, authorization.token, std::move(key_authorization));
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
