#include "services/service_methods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "rpc/schema.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using rpc::CallContext;
using rpc::Outcome;
using Action = ServiceHost::Action;

constexpr char kNameSchema[] =
    R"({"type":"object","properties":{"name":{"type":"string","minLength":1}},"required":["name"],"additionalProperties":false})";

Json schema_json(const std::string& text) {
  auto document = parse_json(text);
  return document ? std::move(*document) : Json();
}

Json method_summary(const rpc::Method& method, bool in_full) {
  const std::string name(rpc::bare_method(method.name));
  if (!in_full) return name;
  Json out = {{"name", name},
              {"description", method.description},
              {"permission", auth::to_string(method.permission)},
              {"public", method.permission == auth::Permission::authenticated},
              {"idempotent", method.idempotent},
              {"timeout_ms", method.timeout.count()}};
  if (!method.params_schema.empty()) out["params"] = schema_json(method.params_schema);
  if (!method.result_schema.empty()) out["result"] = schema_json(method.result_schema);
  return out;
}

Json published(const rpc::Service& service, bool in_full) {
  Json methods = Json::array();
  for (const rpc::Method& method : service.methods) methods.push_back(method_summary(method, in_full));
  return {{"name", service.name},       {"version", service.version}, {"description", service.description},
          {"builtin", service.builtin}, {"state", "running"},         {"methods", std::move(methods)}};
}

Json external(const ServiceView& view, const rpc::RegistrySnapshot& snapshot, bool in_full) {
  Json out;
  const auto running = snapshot.services.find(view.name);
  const bool in_use = view.state != ServiceState::stopped && view.state != ServiceState::error;
  if (in_use && running != snapshot.services.end()) {
    out = published(*running->second, in_full);
  } else {
    Json methods = Json::array();
    if (view.manifest) {
      for (const ManifestMethod& method : view.manifest->methods) methods.push_back(method.name);
    }
    out = {{"name", view.name},
           {"version", view.manifest ? view.manifest->version : ""},
           {"description", view.manifest ? view.manifest->description : ""},
           {"builtin", false},
           {"methods", std::move(methods)}};
  }
  out["state"] = to_string(view.state);
  if (!view.error.empty()) out["error"] = view.error;
  if (view.manifest) out["protocol"] = to_string(view.manifest->protocol);
  if (view.manifest && view.manifest->protocol == Protocol::stdio) {
    out["instances"] = view.manifest->instances;
    out["restarts"] = view.restart_count;
    out["pids"] = view.pids;
  }
  if (in_full) out["folder"] = view.folder;
  return out;
}

/// All services of this node by name; several folders may claim one name.
Json list(const ServiceHost& host, bool in_full, std::string_view only = {}) {
  const auto snapshot = host.registry().snapshot();
  std::vector<std::pair<std::string, Json>> found;
  for (const auto& [name, service] : snapshot->services) {
    if (service->builtin) found.emplace_back(name, published(*service, in_full));
  }
  const auto views = host.view();
  for (const ServiceView& view : *views) found.emplace_back(view.name, external(view, *snapshot, in_full));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::array();
  for (auto& [name, described] : found) {
    if (only.empty() || name == only) out.push_back(std::move(described));
  }
  return out;
}

Result<Json> describe(const ServiceHost& host, const std::string& name) {
  Json found = list(host, true, name);
  if (found.empty()) return Error(Errc::not_found, fmt::format("no service \"{}\" on this node", name));
  return std::move(found.front());
}

/// Of parameters that fit kNameSchema.
std::string name_in(const std::string& params) { return rpc::parse_params(params).value().at("name"); }

asio::awaitable<Outcome> call_list(const ServiceHost& host) { co_return dump_json(list(host, false)); }

asio::awaitable<Outcome> call_describe(const ServiceHost& host, CallContext call) {
  const auto described = describe(host, name_in(call.params));
  if (!described) co_return rpc::to_rpc_error(described.error());
  co_return dump_json(*described);
}

Json done(const std::string& name, ServiceState state) { return {{"name", name}, {"state", to_string(state)}}; }

asio::awaitable<Outcome> call_control(ServiceHost& host, Action action, CallContext call) {
  const std::string name = name_in(call.params);
  auto controlling = host.control(action, name, auth::caller_name(call.caller));
  const auto state = co_await std::move(controlling);
  if (!state) co_return rpc::to_rpc_error(state.error());
  co_return dump_json(done(name, *state));
}

asio::awaitable<net::Response> respond_list(const ServiceHost& host) {
  co_return net::Response::json(dump_json(list(host, false)));
}

asio::awaitable<net::Response> respond_describe(const ServiceHost& host, const net::Request& request) {
  const auto described = describe(host, request.captured.at(0));
  if (!described) co_return net::Response::problem(described.error());
  co_return net::Response::json(dump_json(*described));
}

asio::awaitable<net::Response> respond_control(ServiceHost& host, Action action, const net::Request& request) {
  const std::string name = request.captured.at(0);
  auto controlling = host.control(action, name, auth::caller_name(request.caller));
  const auto state = co_await std::move(controlling);
  if (!state) co_return net::Response::problem(state.error());
  co_return net::Response::json(dump_json(done(name, *state)));
}

struct ControlWord {
  const char* word;
  Action action;
  const char* description;
};
constexpr ControlWord kControls[] = {
    {"start", Action::start, "Runs a service that was stopped"},
    {"stop", Action::stop, "Takes a service out of use until it is started again"},
    {"restart", Action::restart, "Reads a service's folder again and runs it"},
};

}  // namespace

rpc::Service services_service(ServiceHost& host) {
  rpc::Service service{"services", P2P_VERSION, "The services of this node", true, {}};
  using auth::Permission;
  auto all = rpc::make_method("services.list", "All services of this node and their states", Permission::services_read,
                              [&host](const CallContext&) { return call_list(host); });
  all.idempotent = true;
  auto one = rpc::make_method(
      "services.describe", "One service: methods, schemas, state", Permission::services_read,
      [&host](CallContext call) { return call_describe(host, std::move(call)); }, kNameSchema);
  one.idempotent = true;
  service.methods = {std::move(all), std::move(one)};
  for (const ControlWord& control : kControls) {
    service.methods.push_back(rpc::make_method(
        fmt::format("services.{}", control.word), control.description, Permission::services_control,
        [&host, action = control.action](CallContext call) { return call_control(host, action, std::move(call)); },
        kNameSchema));
  }
  return service;
}

void add_service_routes(net::Router& router, ServiceHost& host) {
  net::Route all;
  all.pattern = "/services";
  all.permission = auth::Permission::services_read;
  all.handler = [&host](net::Request&) { return respond_list(host); };
  router.add(std::move(all));
  net::Route one;
  one.pattern = "/services/{name}";
  one.permission = auth::Permission::services_read;
  one.handler = [&host](net::Request& request) { return respond_describe(host, request); };
  router.add(std::move(one));
  for (const ControlWord& control : kControls) {
    net::Route change;
    change.method = net::Method::post;
    change.pattern = fmt::format("/services/{{name}}/{}", control.word);
    change.permission = auth::Permission::services_control;
    const Action action = control.action;
    change.handler = [&host, action](net::Request& request) { return respond_control(host, action, request); };
    router.add(std::move(change));
  }
}

}  // namespace p2p::services
