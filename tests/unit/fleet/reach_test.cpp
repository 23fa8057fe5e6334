#include "../../../tools/p2p-node/fleet/reach.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "../memory_channel.hpp"

using namespace p2p;
using namespace p2p::node;
using membership::NodeStatus;
using Texts = std::vector<std::string>;

namespace {

membership::NodeView listed(const std::string& node_id, Texts addresses) {
  membership::Record record;
  record.node_id = node_id;
  record.addresses = std::move(addresses);
  membership::NodeView out;
  out.record = std::make_shared<const membership::Record>(std::move(record));
  out.status = NodeStatus::alive;
  return out;
}

membership::ClusterViewPtr view_of(std::vector<membership::NodeView> nodes) {
  return std::make_shared<const membership::ClusterView>(membership::ClusterView{"c-1", std::move(nodes)});
}

Texts endpoints_of(const Directory& directory, const std::string& node_id) {
  Texts out;
  const auto place = directory.find(node_id);
  REQUIRE(place.has_value());
  for (const auto& endpoint : place->endpoints) out.push_back(endpoint.to_text());
  return out;
}

struct Reaching {
  boost::asio::io_context context;
  NullLogSink log;
  Directory directory;  // it has links, which end before their loop does
  Reach reach{directory};

  std::shared_ptr<membership::Link> link() {
    auto [near, far] = test::MemoryChannel::make_pair(context);
    membership::LinkHandlers handlers;
    handlers.on_records = [](std::string_view, membership::LinkRoom) {};
    handlers.on_logs = handlers.on_logs_reply = [](std::string_view) {};
    return std::make_shared<membership::Link>(near, std::move(handlers), log);
  }
};

}  // namespace

TEST_CASE("the address that answered comes first, and is forgotten when another is announced first") {
  Reaching scene;
  scene.reach.publish(view_of({listed("w-1", {"10.0.0.1:8001", "10.0.0.2:8001"})}));
  scene.reach.note_answer("w-1", "10.0.0.2:8001");
  scene.reach.take_left();
  scene.reach.publish(scene.reach.view());
  CHECK(endpoints_of(scene.directory, "w-1") == Texts{"10.0.0.2:8001", "10.0.0.1:8001"});
  CHECK(scene.reach.take_left().empty());
  scene.reach.publish(view_of({listed("w-1", {"10.0.0.3:8001", "10.0.0.2:8001"})}));
  CHECK(endpoints_of(scene.directory, "w-1") == Texts{"10.0.0.3:8001", "10.0.0.2:8001"});
  const auto left = scene.reach.take_left();
  REQUIRE(left.size() == 1);
  CHECK(left[0].node_id == "w-1");
  CHECK(left[0].address == "10.0.0.2:8001");
}

TEST_CASE("an address beside which another answered is left, before the node announces another") {
  Reaching scene;
  scene.reach.publish(view_of({listed("w-1", {"10.0.0.1:8001", "10.0.0.2:8001"})}));
  scene.reach.note_answer("w-1", "10.0.0.1:8001");
  CHECK(scene.reach.take_left().empty());
  scene.reach.note_answer("w-1", "10.0.0.2:8001");
  const auto left = scene.reach.take_left();
  REQUIRE(left.size() == 1);
  CHECK(left[0].address == "10.0.0.1:8001");
  scene.reach.publish(view_of({listed("w-1", {"10.0.0.2:8001", "10.0.0.1:8001"})}));
  CHECK(scene.reach.take_left().empty());
}

TEST_CASE("of a node that is no longer listed nothing is kept") {
  Reaching scene;
  const auto both = Texts{"10.0.0.1:8001", "10.0.0.2:8001"};
  scene.reach.publish(view_of({listed("w-1", both)}));
  scene.reach.note_answer("w-1", "10.0.0.2:8001");
  scene.reach.note_answer("", "192.0.2.2:8001");
  scene.reach.publish(view_of({}));
  auto addresses = both;
  scene.reach.prefer_answered("w-1", addresses);
  CHECK(addresses == both);
  // The coordinators, who are listed by no name, stay.
  Texts coordinators{"192.0.2.1:8001", "192.0.2.2:8001"};
  scene.reach.prefer_answered("", coordinators);
  CHECK(coordinators.front() == "192.0.2.2:8001");
}

TEST_CASE("a link takes the place of an older one, whose end is then nobody's business") {
  Reaching scene;
  const auto view = view_of({listed("w-1", {"10.0.0.1:8001"})});
  const auto older = scene.link(), newer = scene.link();
  CHECK(scene.reach.add_link("w-1", older) == nullptr);
  scene.reach.publish(view);
  CHECK(scene.directory.find("w-1")->link == older);
  CHECK(scene.reach.add_link("w-1", newer) == older);
  scene.reach.publish(view);
  CHECK(scene.directory.find("w-1")->link == newer);
  CHECK_FALSE(scene.reach.remove_link("w-1", older.get()));
  CHECK(scene.reach.link_to("w-1") == newer);
  CHECK(scene.reach.remove_link("w-1", newer.get()));
  CHECK(scene.reach.link_to("w-1") == nullptr);
}
