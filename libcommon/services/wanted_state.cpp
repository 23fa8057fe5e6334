#include "services/wanted_state.hpp"

#include "base/json.hpp"

namespace p2p::services {

Result<StoppedServices> parse_wanted_state(std::string_view text) {
  const Error damaged(Errc::damaged, "the state of services does not parse");
  auto document = parse_json(text);
  if (!document || find_unsigned(*document, "version") != 1) return damaged;
  const Json* stopped = find_member(*document, "stopped");
  if (stopped == nullptr || !stopped->is_array()) return damaged;
  StoppedServices out;
  for (const Json& name : *stopped) {
    if (!name.is_string()) return damaged;
    out.insert(name.get<std::string>());
  }
  return out;
}

std::string format_wanted_state(const StoppedServices& stopped) {
  return dump_json(Json{{"version", 1}, {"stopped", stopped}}) + "\n";
}

}  // namespace p2p::services
