#include "addresses/classify.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "commands.hpp"
#include "network_changes.hpp"

namespace p2p::probe {
namespace {

using cli::Attempt;

class ListCommand final : public cli::Command {
 public:
  bool needs_home() const override { return false; }

  Attempt<void> run(cli::Session& session) override {
    auto reader = addresses::RtnetlinkReader::open();
    if (!reader) return reader.error();
    const auto inventory = reader->read();
    if (!inventory) return inventory.error();
    Json rows = Json::array();
    for (const auto& verdict : addresses::classify(*inventory)) add_link(rows, *inventory, verdict);
    // Names are addresses here: a link without one has none.
    if (session.out.format() == cli::Format::name) {
      std::erase_if(rows.get_ref<Json::array_t&>(), [](const Json& row) { return row["address"].is_null(); });
    }
    session.out.list(dump_json(rows), kColumns, "address");
    return {};
  }

 private:
  /// A row an address; one with the address null where the link has none.
  static void add_link(Json& rows, const addresses::Inventory& inventory, const addresses::LinkVerdict& verdict) {
    const addresses::Link& link = *inventory.link(verdict.link);
    Json row{{"interface", link.name},  {"kind", link.kind},
             {"state", state_of(link)}, {"class", addresses::to_text(verdict.link_class)},
             {"why", verdict.reason},   {"address", nullptr},
             {"prefix_length", nullptr}};
    const auto before = rows.size();
    for (const auto& address : inventory.addresses) {
      if (address.link != link.index) continue;
      row["address"] = address.address.to_text();
      row["prefix_length"] = address.prefix_length;
      rows.push_back(row);
    }
    if (rows.size() == before) rows.push_back(std::move(row));
  }

  inline static const std::vector<cli::Column> kColumns{
      cli::member_column("INTERFACE", "interface"), cli::member_column("ADDRESS", "address"),
      cli::member_column("STATE", "state"), cli::member_column("CLASS", "class"), cli::member_column("WHY", "why")};
};

}  // namespace

std::unique_ptr<cli::Command> make_list_command() { return std::make_unique<ListCommand>(); }

}  // namespace p2p::probe
