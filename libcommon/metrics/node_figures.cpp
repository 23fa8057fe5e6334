#include "metrics/node_figures.hpp"

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"

namespace p2p::metrics {
namespace {

constexpr std::size_t kMaxFiguresName = 64;

std::optional<double> find_share(const Json& object, std::string_view key, double most) {
  const Json* value = find_member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->get<double>();
  return number >= 0 && number <= most ? std::optional(number) : std::nullopt;
}

std::optional<Share> find_used(const Json& object, std::string_view key) {
  const Json* value = find_member(object, key);
  if (value == nullptr || !value->is_array() || value->size() != 2) return std::nullopt;
  if (!(*value)[0].is_number_unsigned() || !(*value)[1].is_number_unsigned()) return std::nullopt;
  const Share out{(*value)[0].get<std::uint64_t>(), (*value)[1].get<std::uint64_t>()};
  return out.used <= out.total ? std::optional(out) : std::nullopt;
}

bool read_latency(const Json& value, LatencyCounts& into) {
  if (!value.is_array() || value.size() > into.size()) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_number_unsigned()) return false;
    into[i] = value[i].get<std::uint64_t>();
  }
  return true;
}

/// At most `limit` bytes of it, as something to show; no character is cut in two.
std::string clipped(std::string_view text, std::size_t limit) {
  std::string out = escape_controls(text);
  if (out.size() <= limit) return out;
  constexpr std::string_view kMore = "…";
  std::size_t end = limit - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
  return out.substr(0, end).append(kMore);
}

bool read_services(const Json& value, std::vector<ServiceFigures>& into) {
  if (!value.is_array() || value.size() > kMaxFiguresServices) return false;
  for (const Json& entry : value) {
    if (!entry.is_array() || entry.size() < 4) return false;
    if (!entry[0].is_string() || !entry[1].is_string()) return false;
    if (!entry[2].is_number_unsigned() || !entry[3].is_number_unsigned()) return false;
    if (entry[1].get_ref<const std::string&>().size() > kMaxFiguresName) return false;
    ServiceFigures service{entry[0].get<std::string>(), clipped(entry[1].get<std::string>(), kMaxFiguresName),
                           entry[2].get<std::uint64_t>(), entry[3].get<std::uint64_t>()};
    if (!is_valid_name(service.name)) return false;
    if (entry.size() > 4 && entry[4].is_string())
      service.version = clipped(entry[4].get<std::string>(), kMaxFiguresName);
    if (entry.size() > 5 && entry[5].is_string())
      service.trouble = clipped(entry[5].get<std::string>(), kMaxFiguresTrouble);
    into.push_back(std::move(service));
  }
  return true;
}

bool read_failing(const Json& value, std::vector<FailingMethod>& into) {
  if (!value.is_array()) return false;
  for (const Json& entry : value) {
    if (into.size() == kMaxFiguresFailing) break;
    if (!entry.is_array() || entry.size() < 4 || !entry[0].is_string() || !entry[3].is_string()) return false;
    if (!entry[1].is_number_unsigned() || !entry[2].is_number_unsigned()) return false;
    FailingMethod method{clipped(entry[0].get<std::string>(), kMaxFiguresMethod), entry[1].get<std::uint64_t>(),
                         entry[2].get<std::uint64_t>(), clipped(entry[3].get<std::string>(), kMaxFiguresError)};
    if (method.method.empty() || method.failed == 0 || method.failed > method.calls) return false;
    into.push_back(std::move(method));
  }
  return true;
}

}  // namespace

std::string encode_figures(const NodeFigures& figures) {
  Json out = {{"calls", figures.calls}, {"errors", figures.errors}};
  if (figures.cpu) out["cpu"] = static_cast<float>(*figures.cpu);
  if (figures.load1) out["load1"] = static_cast<float>(*figures.load1);
  if (figures.cores) out["cores"] = *figures.cores;
  if (figures.memory) out["memory"] = {figures.memory->used, figures.memory->total};
  if (figures.disk) out["disk"] = {figures.disk->used, figures.disk->total};
  if (figures.rss) out["rss"] = *figures.rss;
  Json latency = Json::array();
  for (const std::uint64_t count : figures.latency) latency.push_back(count);
  while (!latency.empty() && latency.back() == 0) latency.erase(latency.size() - 1);
  out["latency"] = std::move(latency);
  Json services = Json::array();
  std::size_t trouble_bytes = 0;
  for (const ServiceFigures& service : figures.services) {
    if (services.size() == kMaxFiguresServices) break;
    Json entry = {service.name, service.state, service.restarts, service.calls,
                  clipped(service.version, kMaxFiguresName)};
    std::string trouble = clipped(service.trouble, kMaxFiguresTrouble);
    trouble_bytes += trouble.size();
    if (!trouble.empty() && trouble_bytes <= kMaxFiguresTroubles) entry.push_back(std::move(trouble));
    services.push_back(std::move(entry));
  }
  out["services"] = std::move(services);
  Json failing = Json::array();
  for (const FailingMethod& method : figures.failing) {
    if (failing.size() == kMaxFiguresFailing) break;
    failing.push_back({clipped(method.method, kMaxFiguresMethod), method.calls, method.failed,
                       clipped(method.error, kMaxFiguresError)});
  }
  if (!failing.empty()) out["failing"] = std::move(failing);
  return to_text(dump_cbor(out));
}

Result<NodeFigures> decode_figures(std::string_view payload) {
  if (payload.size() > kMaxFiguresBytes) return Error(Errc::invalid, "the figures of a node are too long");
  const auto object = parse_cbor(as_bytes(payload));
  if (!object) return object.error();
  if (!object->is_object()) return Error(Errc::invalid, "the figures of a node are no map");
  NodeFigures out;
  out.cpu = find_share(*object, "cpu", 1);
  constexpr double kMostLoad = 1e6;
  out.load1 = find_share(*object, "load1", kMostLoad);
  out.cores = find_unsigned(*object, "cores");
  out.memory = find_used(*object, "memory");
  out.disk = find_used(*object, "disk");
  out.rss = find_unsigned(*object, "rss");
  out.calls = find_unsigned(*object, "calls").value_or(0);
  out.errors = find_unsigned(*object, "errors").value_or(0);
  const Json* latency = find_member(*object, "latency");
  if (latency != nullptr && !read_latency(*latency, out.latency))
    return Error(Errc::invalid, "latency: must be counts of calls");
  const Json* services = find_member(*object, "services");
  if (services != nullptr && !read_services(*services, out.services))
    return Error(Errc::invalid, "services: must be [name, state, restarts, calls] of each");
  const Json* failing = find_member(*object, "failing");
  if (failing != nullptr && !read_failing(*failing, out.failing))
    return Error(Errc::invalid, "failing: must be [method, calls, failed, error] of each");
  return out;
}

}  // namespace p2p::metrics
