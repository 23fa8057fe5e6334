// Answers to ACME requests: JSON and problem documents with the headers that clients need.
#pragma once

#include <string>
#include <string_view>

#include "acme/refusal.hpp"
#include "net/http.hpp"

namespace p2p::acme {

inline net::Response json_answer(unsigned status, const Json& body) {
  return net::Response::json(dump_json(body) + "\n", status);
}

inline void add_link(net::Response& response, std::string_view url, std::string_view relation) {
  response.headers.add("Link", std::string("<").append(url).append(">;rel=\"").append(relation).append("\""));
}

/// application/problem+json, with Location and Retry-After where the refusal has them.
net::Response problem_answer(const Refusal& refusal);

}  // namespace p2p::acme
