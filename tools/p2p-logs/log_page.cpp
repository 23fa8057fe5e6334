#include "log_page.hpp"

#include "cli/rpc_failure.hpp"
#include "filter_options.hpp"

namespace p2p::logs {

cli::Attempt<LogPage> parse_page(const Json& answer) {
  LogPage out;
  const Json* logs = find_member(answer, "logs");
  const std::string* cursor = find_string(answer, "cursor");
  if (logs == nullptr || !logs->is_array() || cursor == nullptr)
    return cli::Failure(cli::kDamaged, "the coordinator's answer is not a page of log records");
  out.cursor = *cursor;
  const Json* more = find_member(answer, "more");
  out.more = more != nullptr && more->is_boolean() && more->get<bool>();
  for (const auto& entry : *logs) {
    auto record = record_of(entry);
    if (!record) return cli::Failure(cli::kDamaged, "the coordinator sent a " + record.error().context);
    out.records.push_back(std::move(*record));
  }
  return out;
}

cli::Attempt<Json> get_answer(cli::NodeClient& client, const std::string& path, const Json& parameters) {
  const auto reply = client.get(path + query_string(parameters));
  if (!reply) return reply.error();
  if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
  auto answer = parse_json(reply->body);
  if (!answer) return cli::Failure(cli::kDamaged, answer.error().context);
  return std::move(*answer);
}

cli::Attempt<LogPage> get_page(cli::NodeClient& client, const Json& parameters) {
  const auto answer = get_answer(client, "/api/logs", parameters);
  if (!answer) return answer.error();
  return parse_page(*answer);
}

}  // namespace p2p::logs
