#include "cli/connection.hpp"

#include <cstdlib>

#include "base/text.hpp"

namespace p2p::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

ConnectionEnvironment connection_environment() { return {variable("P2P_COORDINATOR"), variable("P2P_TOKEN")}; }

Attempt<Connection> choose_connection(const Session& session, const ConnectionEnvironment& environment) {
  const ConnectionFlags& flags = session.connection;
  const ContextStore store(session.home);
  const auto context = flags.context.empty() ? store.current() : store.find(flags.context);
  if (!context) return Failure(context.error(), "p2p-ctl context ls");

  Connection out;
  std::string address = "127.0.0.1";
  out.chosen_by = "default";
  if (!flags.coordinator.empty()) {
    address = flags.coordinator;
    out.chosen_by = "--coordinator";
  } else if (!environment.coordinator.empty()) {
    address = environment.coordinator;
    out.chosen_by = "$P2P_COORDINATOR";
  } else if (!context->coordinator.empty()) {
    address = context->coordinator;
    out.chosen_by = "context " + context->name;
  }
  auto endpoint = net::parse_endpoint(address, kDefaultPort);
  if (!endpoint) return Failure(kUsage, out.chosen_by + ": " + endpoint.error().context);
  out.coordinator = std::move(*endpoint);

  out.files = store.files_of(context->name);
  if (flags.certificate.empty() != flags.key.empty()) return Failure(kUsage, "--cert and --key belong together");
  if (!flags.certificate.empty()) {
    out.files.certificate = flags.certificate;
    out.files.key = flags.key;
  } else {
    out.token = trim(environment.token);
    const auto control = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
    for (const char c : out.token) {
      if (control(c)) return Failure(kUsage, "$P2P_TOKEN is not a token");
    }
  }
  return out;
}

}  // namespace p2p::cli
