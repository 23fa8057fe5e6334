// What the routes and the methods share: parameters in, JSON out.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "logs/api.hpp"
#include "logs/record_json.hpp"
#include "net/http.hpp"

namespace p2p::logs {
namespace {

Result<Order> parse_order(const std::optional<std::string>& text, bool has_cursor) {
  if (!text || text->empty()) return has_cursor ? Order::forward : Order::tail;
  if (*text == "asc") return Order::forward;
  if (*text == "desc") return Order::backward;
  if (*text == "tail" && !has_cursor) return Order::tail;
  return Error(Errc::invalid, "order: must be asc or desc, or, without a cursor, tail");
}

/// A number from 1 to `most`.
Result<std::size_t> parse_count(const ParameterLookup& parameter, std::string_view name, std::size_t most,
                                std::size_t otherwise) {
  const auto text = parameter(name);
  if (!text || text->empty()) return otherwise;
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc{} || end != text->data() + text->size() || out < 1 || out > most)
    return Error(Errc::invalid, fmt::format("{}: must be 1 to {}", name, most));
  return out;
}

Result<Filter> filter_of(const ParameterLookup& parameter, WallTime now) {
  auto spec = parse_filter(parameter, now);
  if (!spec) return spec.error();
  if (spec->since && spec->until && *spec->until < *spec->since) return Error(Errc::invalid, "until: is before since");
  return Filter::make(std::move(*spec));
}

/// Where a cursor stands; none where none was given.
Result<std::optional<std::uint64_t>> position_of(const ParameterLookup& parameter, const Store& store) {
  const auto text = parameter("cursor");
  if (!text || text->empty()) return std::optional<std::uint64_t>();
  const auto cursor = parse_cursor(*text);
  if (!cursor) return cursor.error();
  const auto position = store.position_of(*cursor);
  if (!position) return position.error();
  return std::optional(*position);
}

Result<void> check_name(std::string_view name, std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  return Error(Errc::invalid, fmt::format("there is no parameter \"{}\"{}", escape_controls(name.substr(0, 40)),
                                          did_you_mean(name, known)));
}

}  // namespace

Result<Query> parse_query(const ParameterLookup& parameter, const Store& store, WallTime now) {
  Query out;
  auto filter = filter_of(parameter, now);
  if (!filter) return filter.error();
  out.filter = std::move(*filter);
  const auto position = position_of(parameter, store);
  if (!position) return position.error();
  out.position = position->value_or(0);
  const auto order = parse_order(parameter("order"), position->has_value());
  if (!order) return order.error();
  out.order = *order;
  const auto limit = parse_count(parameter, "limit", kMaxPageRecords, kDefaultPageRecords);
  if (!limit) return limit.error();
  out.limit = *limit;
  return out;
}

Result<StatsRequest> parse_stats_query(const ParameterLookup& parameter, const Store& store, WallTime now) {
  StatsRequest out;
  auto filter = filter_of(parameter, now);
  if (!filter) return filter.error();
  out.query.filter = std::move(*filter);
  const auto position = position_of(parameter, store);
  if (!position) return position.error();
  out.query.position = position->value_or(0);
  const auto buckets = parse_count(parameter, "buckets", kMaxBuckets, kDefaultBuckets);
  if (!buckets) return buckets.error();
  out.query.max_buckets = *buckets;
  const auto top = parse_count(parameter, "top", kMaxTopNames, kDefaultTopNames);
  if (!top) return top.error();
  out.top = *top;
  return out;
}

Result<void> check_query_names(std::string_view query, std::span<const std::string_view> known) {
  for (const auto& pair : split(query, '&')) {
    if (pair.empty()) continue;
    const auto name = net::percent_decode(pair.substr(0, pair.find('=')));
    const auto value = net::percent_decode(pair);
    if (!name || !value) return Error(Errc::invalid, "a parameter is not percent-encoded as it should be");
    if (const auto checked = check_name(*name, known); !checked) return checked;
  }
  return {};
}

Result<void> check_members(const Json& parameters, std::span<const std::string_view> known) {
  const auto is_text = [](const Json& value) { return value.is_string(); };
  for (const auto& [name, value] : parameters.items()) {
    if (const auto checked = check_name(name, known); !checked) return checked;
    const bool is_list = value.is_array() && std::all_of(value.begin(), value.end(), is_text);
    if (!is_list && !is_text(value) && !value.is_number() && !value.is_null())
      return Error(Errc::invalid, fmt::format("{}: must be a text, a number or a list of texts", name));
  }
  return {};
}

std::string page_json(const Page& page, const Store& store) {
  std::string out = "{\"logs\":[";
  for (const auto& stored : page.records) {
    if (out.back() == '}') out += ',';
    append_record_json(out, stored.record, store.cursor(stored.number).to_text());
  }
  out += fmt::format("],\"cursor\":\"{}\",\"more\":{}}}", store.cursor(page.position).to_text(), page.more);
  return out;
}

}  // namespace p2p::logs
