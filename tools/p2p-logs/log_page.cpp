#include "log_page.hpp"

#include "cli/rpc_failure.hpp"
#include "filter_options.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::logs {

namespace {

cli::Failure not_a_page(const std::string& why) {
  return {cli::kDamaged, "the coordinator's answer is not a page of log records: " + why};
}

cli::Failure told(std::string_view text) {
  const auto message = parse_json(text);
  if (!message) return not_a_page(message.error().context);
  const auto status = find_unsigned(*message, "status").value_or(500);
  return cli::failure_of_status(static_cast<unsigned>(status), text);
}

}  // namespace

/// Ten thousand records a second and more come by here: they are read in one pass, without a tree of values.
cli::Attempt<LogPage> parse_page(std::string_view text) {
  LogPage out;
  bool has_logs = false, is_error = false;
  std::string wrong;
  rpc::JsonScanner scanner(text);
  const auto take_record = [&] {
    auto record = read_record(scanner);
    if (!record) wrong = record.error().context;
    if (record) out.records.push_back(std::move(*record));
    return wrong.empty();
  };
  scanner.skip_space();
  const bool is_read = scanner.members([&](std::string_view name) {
    if (name == "logs") return has_logs = scanner.elements(take_record);
    const std::size_t from = scanner.position();
    if (!scanner.value()) return false;
    const std::string_view raw = scanner.since(from);
    if (name == "cursor" && raw.starts_with('"')) out.cursor = rpc::decode_json_string(raw);
    if (name == "more") out.more = raw == "true";
    if (name == "type") is_error = raw == R"("error")";
    return true;
  });
  if (is_error) return told(text);
  if (!is_read) return not_a_page(wrong.empty() ? scanner.problem() : wrong);
  if (!has_logs || out.cursor.empty()) return not_a_page("it has no \"logs\" or no \"cursor\"");
  return out;
}

namespace {

cli::Attempt<std::string> get_body(cli::NodeClient& client, const std::string& path, const Json& parameters) {
  auto reply = client.get(path + query_string(parameters));
  if (!reply) return reply.error();
  if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
  return std::move(reply->body);
}

}  // namespace

cli::Attempt<Json> get_answer(cli::NodeClient& client, const std::string& path, const Json& parameters) {
  const auto body = get_body(client, path, parameters);
  if (!body) return body.error();
  auto answer = parse_json(*body);
  if (!answer) return cli::Failure(cli::kDamaged, answer.error().context);
  return std::move(*answer);
}

cli::Attempt<LogPage> get_page(cli::NodeClient& client, const Json& parameters) {
  const auto body = get_body(client, "/api/logs", parameters);
  if (!body) return body.error();
  return parse_page(*body);
}

}  // namespace p2p::logs
