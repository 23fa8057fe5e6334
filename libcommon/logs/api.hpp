// The log store as the coordinator serves it: `/api/logs`, `/ws/logs`, and the methods of `log_collector`.
//
// GET /api/logs (logs:read) takes the parameters of a filter (`node_id`, `level`, `logger_name`, `since`, `until`,
// `text`, `regex`; filter.hpp), `cursor`, `limit` (1 to 10,000; default 100) and `order`: `tail`, the newest records,
// oldest of them first (default without a cursor); `asc`, from the cursor to newer (default with one); `desc`, from the
// cursor to older. It answers {"logs":[…],"cursor":"…","more":false}: `cursor` is where to go on in the same direction
// (after `tail`: where newer records begin), `more` whether there may be more now; a long search answers with what it
// has after two seconds. A cursor of another store is 400, an expired one 404; both name the oldest. A parameter that
// there is not is 400.
//
// GET /api/logs/stats (logs:read) counts: the parameters of a filter, `cursor`, `buckets` (1 to 1,000; default 60: at
// most so many in the histogram) and `top` (1 to 1,000; default 20: so many nodes and loggers are named). It answers as
// stats_json() of log_stats.hpp. Where counting took longer than two seconds `more` is true: ask again with `since`,
// `until` and `cursor` of the answer, and add the two up.
#pragma once

#include <span>
#include <string_view>

#include "logs/collector.hpp"
#include "logs/live_stream.hpp"
#include "net/router.hpp"
#include "rpc/registry.hpp"

namespace p2p::logs {

inline constexpr std::size_t kDefaultPageRecords = 100;

/// Reads `cursor`, `limit`, `order` and a filter from a query string or from JSON parameters. `invalid` names what is
/// wrong; a cursor's errors are those of Store::position_of. Exposed for tests.
Result<Query> parse_query(const ParameterLookup& parameter, const Store& store, WallTime now);

struct StatsRequest {
  StatsQuery query;
  std::size_t top = kDefaultTopNames;
};
/// Likewise `cursor`, `buckets`, `top` and a filter.
Result<StatsRequest> parse_stats_query(const ParameterLookup& parameter, const Store& store, WallTime now);

/// `invalid` for a parameter of a raw query string that is none of `known`, or that is not percent-encoded as it should
/// be.
Result<void> check_query_names(std::string_view query, std::span<const std::string_view> known);

/// `invalid` for a member of an object that is none of `known`, or that is no text, number, list of texts, or null.
Result<void> check_members(const Json& parameters, std::span<const std::string_view> known);

/// {"logs":[…],"cursor":…,"more":…}
std::string page_json(const Page& page, const Store& store);

/// `GET /api/logs`, `GET /api/logs/stats`, `GET /api/logs/sources`, `POST /api/logs/clear` ({"node_id":"worker-1"};
/// without it all nodes), `GET /ws/logs`. The collector must outlive the router's requests.
void add_routes(net::Router& router, LogAccess access, Collector& collector);

/// `log_collector.{get_logs,get_stats,get_log_sources,clear_logs}`, for the registry; the same parameters and results.
rpc::Service log_collector_service(LogAccess access, Collector& collector);

}  // namespace p2p::logs
