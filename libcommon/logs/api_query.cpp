// What the routes and the methods share: parameters in, JSON out.
#include <fmt/format.h>

#include <charconv>

#include "logs/api.hpp"
#include "logs/record_json.hpp"

namespace p2p::logs {
namespace {

Result<Order> parse_order(const std::optional<std::string>& text, bool has_cursor) {
  if (!text || text->empty()) return has_cursor ? Order::forward : Order::tail;
  if (*text == "asc") return Order::forward;
  if (*text == "desc") return Order::backward;
  if (*text == "tail" && !has_cursor) return Order::tail;
  return Error(Errc::invalid, "order: must be asc or desc, or, without a cursor, tail");
}

Result<std::size_t> parse_limit(const std::optional<std::string>& text) {
  if (!text || text->empty()) return kDefaultPageRecords;
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc{} || end != text->data() + text->size() || out < 1 || out > kMaxPageRecords)
    return Error(Errc::invalid, fmt::format("limit: must be 1 to {}", kMaxPageRecords));
  return out;
}

}  // namespace

Result<Query> parse_query(const ParameterLookup& parameter, const Store& store, WallTime now) {
  Query out;
  auto spec = parse_filter(parameter, now);
  if (!spec) return spec.error();
  auto filter = Filter::make(std::move(*spec));
  if (!filter) return filter.error();
  out.filter = std::move(*filter);
  const auto text = parameter("cursor");
  const bool has_cursor = text && !text->empty();
  if (has_cursor) {
    const auto cursor = parse_cursor(*text);
    if (!cursor) return cursor.error();
    const auto position = store.position_of(*cursor);
    if (!position) return position.error();
    out.position = *position;
  }
  const auto order = parse_order(parameter("order"), has_cursor);
  if (!order) return order.error();
  out.order = *order;
  const auto limit = parse_limit(parameter("limit"));
  if (!limit) return limit.error();
  out.limit = *limit;
  return out;
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
