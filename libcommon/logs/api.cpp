#include "logs/api.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "net/reply.hpp"

namespace p2p::logs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

/// Parameters as JSON text; empty is none.
Result<Json> parse_object(const std::string& text) {
  if (text.empty()) return Json::object();
  auto parsed = parse_json(text);
  if (parsed && !parsed->is_object()) return Error(Errc::invalid, "the parameters are not a JSON object");
  return parsed;
}

awaitable<Result<std::string>> get_logs(LogAccess access, std::string asker, const ParameterLookup& parameter) {
  auto query = parse_query(parameter, access.store, access.clock.wall());
  if (!query) co_return query.error();
  auto work = [&store = access.store,
               query = std::move(*query)](const IsGivenUp& is_given_up) mutable -> Result<std::string> {
    query.is_given_up = is_given_up;
    const auto page = store.query(query);
    if (!page) return page.error();
    return page_json(*page, store);
  };
  auto searching = access.searches.run(std::move(asker), nullptr, std::move(work));
  co_return co_await std::move(searching);
}

awaitable<Result<std::string>> get_stats(LogAccess access, std::string asker, const ParameterLookup& parameter) {
  auto request = parse_stats_query(parameter, access.store, access.clock.wall());
  if (!request) co_return request.error();
  auto work = [&store = access.store,
               request = std::move(*request)](const IsGivenUp& is_given_up) mutable -> Result<std::string> {
    request.query.is_given_up = is_given_up;
    const auto page = store.stats(request.query);
    if (!page) return page.error();
    return stats_json(page->stats, request.top, store.cursor(page->position).to_text(), page->more);
  };
  auto searching = access.searches.run(std::move(asker), nullptr, std::move(work));
  co_return co_await std::move(searching);
}

awaitable<Result<std::string>> get_sources(LogAccess access, std::string asker, const ParameterLookup&) {
  auto work = [&store = access.store](const IsGivenUp&) -> Result<std::string> {
    const auto sources = store.sources();
    if (!sources) return sources.error();
    return fmt::format(R"({{"nodes":{},"loggers":{},"log_levels":["DEBUG","INFO","WARNING","ERROR","CRITICAL"]{}}})",
                       dump_json(sources->nodes), dump_json(sources->loggers),
                       sources->more_loggers ? R"(,"more_loggers":true)" : "");
  };
  auto searching = access.searches.run(std::move(asker), nullptr, std::move(work));
  co_return co_await std::move(searching);
}

awaitable<Result<std::string>> clear(Collector& collector, std::string parameters, std::string by) {
  const auto object = parse_object(parameters);
  if (!object) co_return object.error();
  const Json* node = find_member(*object, "node_id");
  // Whoever misspells it does not mean all nodes.
  if (object->size() != (node == nullptr ? 0U : 1U)) co_return Error(Errc::invalid, "the only parameter is node_id");
  if (node != nullptr && !node->is_string()) co_return Error(Errc::invalid, "node_id: must be the name of a node");
  const std::string node_id = node == nullptr ? "" : node->get<std::string>();
  if (node != nullptr && node_id.empty()) co_return Error(Errc::invalid, "node_id: must not be empty");
  const auto reply = std::make_shared<net::Reply<Result<std::uint64_t>>>(co_await asio::this_coro::executor);
  collector.clear(node_id, std::move(by), [reply](Result<std::uint64_t> removed) { reply->give(std::move(removed)); });
  const auto removed = co_await reply->wait();
  if (!removed) co_return Error(Errc::cancelled, "nobody waits for the answer any more");
  if (!*removed) co_return removed->error();
  co_return fmt::format("{{\"cleared\":{}}}", **removed);
}

net::Response response_of(Result<std::string> result) {
  if (!result) return net::Response::problem(result.error());
  return net::Response::json(std::move(*result));
}

rpc::Outcome outcome_of(Result<std::string> result) {
  if (!result) return rpc::to_rpc_error(result.error());
  return std::move(*result);
}

rpc::Method method(std::string name, std::string description, auth::Permission permission, std::string schema,
                   rpc::MethodHandler handler) {
  auto out = rpc::make_method("log_collector." + std::move(name), std::move(description), permission,
                              std::move(handler), std::move(schema));
  out.idempotent = permission == auth::Permission::logs_read;
  return out;
}

/// What a caller may say, by name, and its JSON schema.
using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

/// A filter and a cursor, and `more`.
Parameters with_filter(Parameters more) {
  Parameters out{
      {"node_id", R"({"description":"globs of node names, a list or comma-separated"})"},
      {"level", R"({"type":"string","enum":["DEBUG","INFO","WARNING","ERROR","CRITICAL"],)"
                R"("description":"this level and above"})"},
      {"logger_name", R"({"description":"globs such as Service.*, a list or comma-separated"})"},
      {"since", R"({"type":"string","description":"RFC 3339, or how long ago: 10m, 3d"})"},
      {"until", R"({"type":"string"})"},
      {"text", R"({"type":"string","description":"part of the message, without case"})"},
      {"regex", R"({"type":"string","description":"RE2 expression"})"},
      {"cursor", R"({"type":"string"})"},
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

const Parameters& page_parameters() {
  static const Parameters out = with_filter({
      {"order", R"({"type":"string","enum":["tail","asc","desc"]})"},
      {"limit", R"({"type":"integer","minimum":1,"maximum":10000})"},
  });
  return out;
}

const Parameters& stats_parameters() {
  static const Parameters out = with_filter({
      {"buckets", R"({"type":"integer","minimum":1,"maximum":1000,"description":"of the histogram, at most"})"},
      {"top", R"({"type":"integer","minimum":1,"maximum":1000,"description":"how many nodes and loggers are named"})"},
  });
  return out;
}

std::vector<std::string_view> names_of(const Parameters& parameters) {
  std::vector<std::string_view> out;
  for (const auto& [name, schema] : parameters) out.push_back(name);
  return out;
}

/// Others are refused too, by the method itself, which says what is meant.
std::string schema_of(const Parameters& parameters) {
  std::string properties;
  for (const auto& [name, schema] : parameters)
    properties += fmt::format(R"({}"{}":{})", properties.empty() ? "" : ",", name, schema);
  return fmt::format(R"({{"type":"object","properties":{{{}}}}})", properties);
}

constexpr char kClearSchema[] =
    R"({"type":"object","properties":{"node_id":{"type":"string","description":"without it, all nodes"}}})";

/// One of the answers that both a path and a method give. It is told who asks, and looks at the parameters, which are
/// among those that there are, while it is awaited.
struct Reading {
  std::string_view path, method, description;
  const Parameters& parameters;
  awaitable<Result<std::string>> (*answer)(LogAccess access, std::string asker, const ParameterLookup& parameter);
};

std::span<const Reading> readings() {
  static const Parameters none;
  static const Reading out[] = {
      {"/api/logs", "get_logs", "stored records that match a filter", page_parameters(), get_logs},
      {"/api/logs/stats", "get_stats", "how many records match a filter, by level, node, logger and time",
       stats_parameters(), get_stats},
      {"/api/logs/sources", "get_log_sources", "names of nodes, loggers and levels", none, get_sources}};
  return out;
}

net::Route route_of(const Reading& reading, LogAccess access) {
  net::Route out;
  out.method = net::Method::get;
  out.pattern = reading.path;
  out.permission = auth::Permission::logs_read;
  out.handler = [&reading, known = names_of(reading.parameters),
                 access](net::Request& request) -> awaitable<net::Response> {
    if (const auto checked = check_query_names(request.query, known); !checked)
      co_return net::Response::problem(checked.error());
    const ParameterLookup parameter = [&request](std::string_view name) { return request.query_parameter(name); };
    auto answering = reading.answer(access, auth::caller_name(request.caller), parameter);
    co_return response_of(co_await std::move(answering));
  };
  return out;
}

rpc::Method method_of(const Reading& reading, LogAccess access) {
  auto handler = [&reading, known = names_of(reading.parameters),
                  access](rpc::CallContext call) -> awaitable<rpc::Outcome> {
    const auto object = parse_object(call.params);
    if (!object) co_return rpc::to_rpc_error(object.error());
    if (const auto checked = check_members(*object, known); !checked) co_return rpc::to_rpc_error(checked.error());
    const ParameterLookup parameter = json_parameters(*object);
    auto answering = reading.answer(access, auth::caller_name(call.caller), parameter);
    co_return outcome_of(co_await std::move(answering));
  };
  return method(std::string(reading.method), std::string(reading.description), auth::Permission::logs_read,
                schema_of(reading.parameters), std::move(handler));
}

}  // namespace

void add_routes(net::Router& router, LogAccess access, Collector& collector) {
  using net::Request;
  using net::Response;
  for (const Reading& reading : readings()) router.add(route_of(reading, access));

  net::Route clearing;
  clearing.method = net::Method::post;
  clearing.pattern = "/api/logs/clear";
  clearing.permission = auth::Permission::logs_clear;
  clearing.handler = [&collector](Request& request) -> awaitable<Response> {
    co_return response_of(co_await clear(collector, request.body, auth::caller_name(request.caller)));
  };
  router.add(std::move(clearing));

  net::Route live;
  live.method = net::Method::get;
  live.pattern = "/ws/logs";
  live.permission = auth::Permission::logs_read;
  live.channel_handler = [access](Request, net::ChannelPtr channel) { return serve_live(access, std::move(channel)); };
  live.channel_limits.max_queued_bytes = kLiveChannelBytes;
  router.add(std::move(live));
}

rpc::Service log_collector_service(LogAccess access, Collector& collector) {
  using rpc::CallContext;
  using rpc::Outcome;
  rpc::Service out;
  out.name = "log_collector";
  out.version = P2P_VERSION;
  out.description = "the log records of all nodes";
  for (const Reading& reading : readings()) out.methods.push_back(method_of(reading, access));
  out.methods.push_back(
      method("clear_logs", "deletes the records of one node or of all; leaves an audit record",
             auth::Permission::logs_clear, kClearSchema, [&collector](CallContext call) -> awaitable<Outcome> {
               co_return outcome_of(co_await clear(collector, call.params, auth::caller_name(call.caller)));
             }));
  return out;
}

}  // namespace p2p::logs
