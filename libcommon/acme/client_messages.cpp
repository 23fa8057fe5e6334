#include "acme/client_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "net/http_text.hpp"
#include "net/url.hpp"

namespace p2p::acme {
namespace {

constexpr std::string_view kErrorPrefix = "urn:ietf:params:acme:error:";
constexpr std::size_t kMaxAuthorizations = 100;
constexpr std::size_t kMaxTokenBytes = 256;
constexpr std::size_t kMaxProblemBytes = 500;
constexpr std::size_t kMaxSubproblems = 5;

constexpr std::array<std::string_view, 8> kStatuses = {"pending", "ready",       "processing", "valid",
                                                       "invalid", "deactivated", "expired",    "revoked"};

Error damaged(std::string_view what, std::string_view why) {
  return {Errc::damaged, fmt::format("the server's {}: {}", what, why)};
}

Result<Json> read_object(std::string_view body, std::string_view what) {
  auto json = parse_json(body);
  if (!json) return damaged(what, json.error().context);
  if (!json->is_object()) return damaged(what, "it is no JSON object");
  return json;
}

Result<std::string> read_url(const Json& object, std::string_view key, std::string_view what) {
  const std::string* text = find_string(object, key);
  if (text == nullptr) return damaged(what, fmt::format("\"{}\" is missing", key));
  const auto url = net::parse_url(*text);
  if (!url) return damaged(what, fmt::format("\"{}\": {}", key, url.error().context));
  if (!url->https) return damaged(what, fmt::format("\"{}\" is not https", key));
  return *text;
}

/// Absent is empty.
Result<std::string> read_optional_url(const Json& object, std::string_view key, std::string_view what) {
  return find_member(object, key) == nullptr ? Result<std::string>(std::string()) : read_url(object, key, what);
}

Result<Status> read_status(const Json& object, std::string_view what) {
  const std::string* text = find_string(object, "status");
  if (text == nullptr) return damaged(what, "\"status\" is missing");
  const auto found = std::find(kStatuses.begin(), kStatuses.end(), *text);
  if (found == kStatuses.end()) {
    return damaged(what, fmt::format("the status \"{}\" is unknown", escape_controls(text->substr(0, 64))));
  }
  return static_cast<Status>(found - kStatuses.begin());
}

std::string short_type(const Json& problem) {
  const std::string* type = find_string(problem, "type");
  if (type == nullptr || !type->starts_with(kErrorPrefix)) return {};
  return escape_controls(type->substr(kErrorPrefix.size(), 64));
}

std::string detail_of(const Json& problem) {
  const std::string* detail = find_string(problem, "detail");
  return detail != nullptr ? escape_controls(detail->substr(0, kMaxProblemBytes)) : std::string();
}

std::string describe(const Json& problem) {
  const std::string type = short_type(problem), detail = detail_of(problem);
  return type + (type.empty() || detail.empty() ? "" : ": ") + detail;
}

Problem describe_whole(const Json& problem) {
  Problem out{short_type(problem), describe(problem), {}, detail_of(problem)};
  const Json* subproblems = find_member(problem, "subproblems");
  if (subproblems == nullptr || !subproblems->is_array()) return out;
  for (std::size_t i = 0; i < std::min(subproblems->size(), kMaxSubproblems); ++i) {
    const Json& one = (*subproblems)[i];
    const Json* identifier = find_member(one, "identifier");
    const std::string* name = identifier != nullptr ? find_string(*identifier, "value") : nullptr;
    if (subproblems->size() == 1 && out.text == describe(one)) break;  // said already
    out.text += fmt::format("; {}: {}", name != nullptr ? escape_controls(name->substr(0, 256)) : "?", describe(one));
  }
  return out;
}

std::string problem_of(const Json& object) {
  const Json* problem = find_member(object, "error");
  return problem != nullptr && problem->is_object() ? describe_whole(*problem).text : std::string();
}

Result<pki::SubjectName> read_listed_identifier(const Json& object) {
  const Json* identifier = find_member(object, "identifier");
  const std::string* type = identifier != nullptr ? find_string(*identifier, "type") : nullptr;
  const std::string* value = identifier != nullptr ? find_string(*identifier, "value") : nullptr;
  if (type == nullptr || value == nullptr) return damaged("authorization", "\"identifier\" is missing");
  const auto name = pki::parse_subject_name(*value);
  if (!name) return damaged("authorization", name.error().context);
  const bool is_ip = name->kind == pki::SubjectName::Kind::ip;
  if (*type != (is_ip ? "ip" : "dns")) return damaged("authorization", "the identifier is not of its type");
  return name;
}

std::vector<pki::SubjectName> names_of_subproblems(const Json& problem) {
  std::vector<pki::SubjectName> out;
  const Json* subproblems = find_member(problem, "subproblems");
  if (subproblems == nullptr || !subproblems->is_array()) return out;
  for (const Json& one : *subproblems) {
    if (out.size() == kMaxAuthorizations) break;
    if (!one.is_object()) continue;
    if (auto name = read_listed_identifier(one)) out.push_back(std::move(*name));
  }
  return out;
}

Result<ClientChallenge> read_challenge(const Json& object) {
  ClientChallenge out;
  auto url = read_url(object, "url", "challenge");
  if (!url) return url.error();
  const auto status = read_status(object, "challenge");
  if (!status) return status.error();
  const std::string* token = find_string(object, "token");
  if (token == nullptr || !is_base64url_text(*token, kMaxTokenBytes))
    return damaged("challenge", "\"token\" is not base64url");
  out.url = std::move(*url);
  out.status = *status;
  out.token = *token;
  return out;
}

}  // namespace

std::string_view to_string(Status status) noexcept { return kStatuses.at(static_cast<std::size_t>(status)); }

Result<ClientDirectory> read_directory(std::string_view body) {
  constexpr std::string_view kWhat = "directory";
  const auto json = read_object(body, kWhat);
  if (!json) return json.error();
  ClientDirectory out;
  for (const auto& [key, into] : {std::pair("newNonce", &out.new_nonce), std::pair("newAccount", &out.new_account),
                                  std::pair("newOrder", &out.new_order)}) {
    auto url = read_url(*json, key, kWhat);
    if (!url) return url.error();
    *into = std::move(*url);
  }
  for (const auto& [key, into] :
       {std::pair("revokeCert", &out.revoke_certificate), std::pair("renewalInfo", &out.renewal_info)}) {
    auto url = read_optional_url(*json, key, kWhat);
    if (!url) return url.error();
    *into = std::move(*url);
  }
  return out;
}

Result<ClientOrder> read_order(std::string_view body) {
  constexpr std::string_view kWhat = "order";
  const auto json = read_object(body, kWhat);
  if (!json) return json.error();
  ClientOrder out;
  const auto status = read_status(*json, kWhat);
  if (!status) return status.error();
  out.status = *status;
  const Json* authorizations = find_member(*json, "authorizations");
  if (authorizations == nullptr || !authorizations->is_array()) return damaged(kWhat, "\"authorizations\" is missing");
  if (authorizations->size() > kMaxAuthorizations) return damaged(kWhat, "it has too many authorizations");
  for (const Json& one : *authorizations) {
    // An element is looked at as a member, so that there is one reader of addresses.
    auto url = read_url(Json{{"authorizations", one}}, "authorizations", kWhat);
    if (!url) return url.error();
    out.authorizations.push_back(std::move(*url));
  }
  auto finalize = read_url(*json, "finalize", kWhat);
  if (!finalize) return finalize.error();
  out.finalize = std::move(*finalize);
  auto certificate = read_optional_url(*json, "certificate", kWhat);
  if (!certificate) return certificate.error();
  out.certificate = std::move(*certificate);
  out.problem = problem_of(*json);
  return out;
}

Result<ClientAuthorization> read_authorization(std::string_view body) {
  constexpr std::string_view kWhat = "authorization";
  const auto json = read_object(body, kWhat);
  if (!json) return json.error();
  ClientAuthorization out;
  auto identifier = read_listed_identifier(*json);
  if (!identifier) return identifier.error();
  out.identifier = std::move(*identifier);
  const auto status = read_status(*json, kWhat);
  if (!status) return status.error();
  out.status = *status;
  const Json* challenges = find_member(*json, "challenges");
  if (challenges == nullptr || !challenges->is_array()) return damaged(kWhat, "\"challenges\" is missing");
  for (const Json& one : *challenges) {
    if (out.problem.empty()) out.problem = problem_of(one);
    const std::string* type = find_string(one, "type");
    if (type == nullptr || *type != "http-01") continue;
    auto challenge = read_challenge(one);
    if (!challenge) return challenge.error();
    out.http01 = std::move(*challenge);
  }
  return out;
}

Result<ClientRenewalInfo> read_renewal_info(std::string_view body) {
  constexpr std::string_view kWhat = "renewalInfo";
  const auto json = read_object(body, kWhat);
  if (!json) return json.error();
  const Json* window = find_member(*json, "suggestedWindow");
  const std::string* start = window != nullptr ? find_string(*window, "start") : nullptr;
  const std::string* end = window != nullptr ? find_string(*window, "end") : nullptr;
  if (start == nullptr || end == nullptr) return damaged(kWhat, "\"suggestedWindow\" is missing");
  const auto from = parse_rfc3339(*start);
  const auto to = parse_rfc3339(*end);
  if (!from || !to || *to <= *from) return damaged(kWhat, "the suggested window is none");
  ClientRenewalInfo out;
  out.window = {*from, *to};
  if (const std::string* explanation = find_string(*json, "explanationURL")) {
    out.explanation_url = escape_controls(explanation->substr(0, net::kMaxUrlBytes));
  }
  return out;
}

Result<Status> read_account_status(std::string_view body) {
  const auto json = read_object(body, "account");
  if (!json) return json.error();
  return read_status(*json, "account");
}

bool is_base64url_text(std::string_view text, std::size_t max_bytes) noexcept {
  return !text.empty() && text.size() <= max_bytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Problem read_problem(const net::Answer& answer) {
  const auto json = parse_json(answer.body);
  Problem out;
  if (json && json->is_object()) {
    out = describe_whole(*json);
    out.names = names_of_subproblems(*json);
  }
  if (out.text.empty()) out.text = fmt::format("{} {}", answer.status, net::reason_phrase(answer.status));
  return out;
}

Errc kind_of_problem(std::string_view type, unsigned http_status) noexcept {
  struct Kind {
    std::string_view type;
    Errc kind;
  };
  constexpr std::array kKinds = {
      Kind{"accountDoesNotExist", Errc::not_found},
      Kind{"unauthorized", Errc::not_permitted},
      Kind{"externalAccountRequired", Errc::not_permitted},
      Kind{"userActionRequired", Errc::not_permitted},
      Kind{"caa", Errc::not_permitted},
      Kind{"rateLimited", Errc::limited},
      Kind{"connection", Errc::unreachable},
      Kind{"dns", Errc::unreachable},
      Kind{"tls", Errc::unreachable},
      Kind{"incorrectResponse", Errc::not_permitted},
      Kind{"serverInternal", Errc::failed},
      Kind{"alreadyReplaced", Errc::exists},
      Kind{"alreadyRevoked", Errc::exists},
      Kind{"orderNotReady", Errc::failed},
      Kind{"badNonce", Errc::failed},
  };
  for (const Kind& one : kKinds) {
    if (one.type == type) return one.kind;
  }
  if (!type.empty()) return Errc::invalid;  // badCSR, rejectedIdentifier, malformed, …: what we asked for
  switch (http_status) {
    case 401:
    case 403: return Errc::not_permitted;
    case 404: return Errc::not_found;
    case 429:
    case 503: return Errc::limited;
    default: return Errc::failed;
  }
}

}  // namespace p2p::acme
