// A page of records, as the coordinator sends it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/node_client.hpp"
#include "logs/record_json.hpp"

namespace p2p::logs {

/// What `/api/logs` and the messages of `/ws/logs` have in common.
struct LogPage {
  std::vector<ParsedRecord> records;
  std::string cursor;
  bool more = false;
};
/// kDamaged for what is none; for a message `{"type":"error","status":…,"detail":…}` what it says.
cli::Attempt<LogPage> parse_page(std::string_view text);

/// GET `path` with these parameters; a failure is what the coordinator says is wrong.
cli::Attempt<Json> get_answer(cli::NodeClient& client, const std::string& path, const Json& parameters);
cli::Attempt<LogPage> get_page(cli::NodeClient& client, const Json& parameters);

}  // namespace p2p::logs
