#include "cli/connection.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <sstream>

#include "../temporary_folder.hpp"
#include "base/file.hpp"
#include "pki/bundle.hpp"

using namespace p2p::cli;
namespace fs = std::filesystem;

namespace {

struct Home {
  Session session(ConnectionFlags flags = {}) { return {path, report, output, in, std::move(flags)}; }
  Attempt<Connection> choose(ConnectionFlags flags = {}, const ConnectionEnvironment& environment = {}) {
    const Session with = session(std::move(flags));
    return choose_connection(with, environment);
  }

  p2p::test::TemporaryFolder folder;
  const fs::path& path = folder.path();
  std::istringstream in;
  std::ostringstream out, err;
  Reporter report{"test", err, false};
  Output output{out, Format::table, {}};
};

p2p::pki::Bundle bundle() {
  p2p::pki::Bundle out;
  out.certificate_pem = "certificate";
  out.key_pem = p2p::crypto::Secret(std::string("key"));
  out.ca_pem = "ca";
  return out;
}

}  // namespace

TEST_CASE("without anything said it is the coordinator on this machine and home's operator") {
  Home home;
  const auto chosen = home.choose();
  REQUIRE(chosen.has_value());
  CHECK(chosen->coordinator.to_text() == "127.0.0.1:8001");
  CHECK(chosen->chosen_by == "default");
  CHECK(chosen->files.certificate == home.path / "certs/operator_cert.pem");
  CHECK(chosen->files.ca == home.path / "certs/ca_cert.pem");
  CHECK(chosen->token.empty());
}

TEST_CASE("flag wins over environment, environment over context") {
  Home home;
  ContextStore store(home.path);
  REQUIRE(store.add({"shop", "shop.example:9000"}, bundle(), false).has_value());
  CHECK(home.choose()->coordinator.to_text() == "shop.example:9000");
  CHECK(home.choose()->chosen_by == "context shop");
  CHECK(home.choose()->files.key == home.path / "certs/contexts/shop/key.pem");
  CHECK(home.choose({}, {"env.example:1", ""})->coordinator.to_text() == "env.example:1");
  CHECK(home.choose({.coordinator = "flag.example"}, {"env.example:1", ""})->coordinator.to_text() ==
        "flag.example:8001");
  CHECK(home.choose({.context = "local"})->coordinator.to_text() == "127.0.0.1:8001");
}

TEST_CASE("a token comes before the context's certificate and after --cert") {
  Home home;
  CHECK(home.choose({}, {"", "abc.def.ghi\n"})->token == "abc.def.ghi");
  const auto named = home.choose({.certificate = "/c.pem", .key = "/k.pem"}, {"", "abc"});
  CHECK(named->token.empty());
  CHECK(named->files.certificate == "/c.pem");
  CHECK(named->files.ca == home.path / "certs/ca_cert.pem");
  CHECK(home.choose({}, {"", "a\r\nEvil: 1"}).error().exit_code == 2);
  CHECK(home.choose({.certificate = "/c.pem"}).error().exit_code == 2);
}

TEST_CASE("what is misspelt is told") {
  Home home;
  const auto address = home.choose({.coordinator = "a:b"});
  CHECK(address.error().exit_code == 2);
  CHECK(address.error().message.starts_with("--coordinator: "));
  const auto context = home.choose({.context = "shop"});
  CHECK(context.error().exit_code == 5);
  CHECK(context.error().message == "no context \"shop\"; there are: local");
}

TEST_CASE("contexts are kept, listed, replaced only on request, and their keys are secret") {
  Home home;
  ContextStore store(home.path);
  CHECK(store.list()->contexts.empty());
  REQUIRE(store.add({"shop", "shop.example:9000", "p2p", "alice"}, bundle(), false).has_value());
  REQUIRE(store.add({"lab", "", "lab", "bob"}, bundle(), false).has_value());
  CHECK(store.add({"shop", ""}, bundle(), false).error().kind() == p2p::Errc::exists);
  CHECK(store.add({"shop", "other:1"}, bundle(), true).has_value());
  CHECK(store.add({"../up", ""}, bundle(), false).error().kind() == p2p::Errc::invalid);
  CHECK(store.add({"local", ""}, bundle(), false).error().kind() == p2p::Errc::invalid);

  const auto list = store.list();
  REQUIRE(list.has_value());
  REQUIRE(list->contexts.size() == 2);
  CHECK(list->contexts[0].name == "lab");
  CHECK(list->contexts[0].operator_name == "bob");
  CHECK(list->contexts[1].coordinator == "other:1");
  CHECK(list->current == "shop");

  REQUIRE(store.use("local").has_value());
  CHECK(store.current()->name == "local");
  CHECK(store.use("none").error().kind() == p2p::Errc::not_found);

  struct stat facts {};
  REQUIRE(::stat(store.files_of("shop").key.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE("a damaged list is told and not written over") {
  Home home;
  REQUIRE(p2p::write_file(home.path / "config/contexts.json", "{\"contexts\": 3}", 0600).has_value());
  ContextStore store(home.path);
  CHECK(store.list().error().kind() == p2p::Errc::damaged);
  CHECK(store.add({"shop", ""}, bundle(), false).error().kind() == p2p::Errc::damaged);
  CHECK(home.choose().error().exit_code == 9);
}
