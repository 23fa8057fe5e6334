#include "acme/answer.hpp"

namespace p2p::acme {

net::Response problem_answer(const Refusal& refusal) {
  net::Response out = json_answer(refusal.status, to_json(refusal));
  out.content_type = "application/problem+json";
  if (!refusal.location.empty()) out.headers.add("Location", refusal.location);
  if (refusal.retry_after_seconds > 0) out.headers.add("Retry-After", std::to_string(refusal.retry_after_seconds));
  return out;
}

}  // namespace p2p::acme
