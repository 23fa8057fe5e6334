// p2p-ctl services describe.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "fleet_problems.hpp"
#include "natural_order.hpp"
#include "service_places.hpp"
#include "service_view.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using cli::member_text;
using rpc::Target;

class Describe final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("SERVICE", name_, "which service");
    options.text("--node", "ID", node_, "as it is on this node; else on each that has it");
  }

  Attempt<void> run(cli::Session& session) override {
    if (auto good = check_name("service", name_); !good) return good;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    auto places = node_.empty() ? on_all(*client) : on_one(*client);
    if (!places) return places.error();
    const auto problems = ask_problems(*client);
    if (!problems) return problems.error();
    add_failing(*places, *problems);
    put_in_order(*places);
    if (session.out.format() == cli::Format::table)
      show_service(session.out.stream(), *places, session.out.surface());
    else
      session.out.list(dump_json(*places), {}, "node");
    return {};
  }

 private:
  Attempt<Json> on_one(cli::NodeClient& client) const {
    if (auto good = check_name("node", node_); !good) return good.error();
    auto place =
        ask(client, "services.describe", {{"name", name_}}, Target{Target::Kind::node, node_}, cli::kRequestTimeout);
    if (!place) return with_place_hint(client, node_, place.error());
    if (!place->is_object()) return Failure(cli::kDamaged, "the answer of services.describe is not an object");
    (*place)["node"] = node_;
    return Json::array({std::move(*place)});
  }

  Attempt<Json> on_all(cli::NodeClient& client) const {
    const auto answers =
        ask(client, "services.describe", {{"name", name_}}, Target{Target::Kind::all}, cli::kRequestTimeout);
    if (!answers) return answers.error();
    Json places = Json::array();
    for (const Json& answer : *answers) {
      const Json* result = find_member(answer, "result");
      if (result == nullptr || !result->is_object()) continue;
      places.push_back(*result);
      places.back()["node"] = member_text(answer, "node");
    }
    if (places.empty()) {
      const auto nowhere = only_place_of(client, name_);  // says what may have been meant
      return nowhere
                 ? Failure(cli::kUnreachable, fmt::format("node \"{}\" does not say how \"{}\" is", *nowhere, name_))
                 : nowhere.error();
    }
    return places;
  }

  /// Those that are in trouble first.
  static void put_in_order(Json& places) {
    std::stable_sort(places.begin(), places.end(), [](const Json& a, const Json& b) {
      const bool first = !trouble_of(a).empty(), second = !trouble_of(b).empty();
      return first != second ? first : natural_less(member_text(a, "node"), member_text(b, "node"));
    });
  }

  std::string name_, node_;
};

}  // namespace

std::unique_ptr<cli::Command> make_services_describe() { return std::make_unique<Describe>(); }

}  // namespace p2p::ctl
