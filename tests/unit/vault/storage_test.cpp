#include "vault/storage.hpp"

#include <sys/stat.h>

#include "vault_home.hpp"

using namespace p2p;

namespace {

vault::Change change(const std::string& name, std::string_view text, mode_t mode = kSecretMode) {
  return {name, test::buffer_of(text), mode};
}

std::vector<vault::Change> changes_of(vault::Change first) {
  std::vector<vault::Change> out;
  out.push_back(std::move(first));
  return out;
}

std::string text_of(vault::Storage& storage, const std::string& name) {
  return to_text(test::take(storage.read(name, 1000)).view());
}

mode_t mode_at(const std::filesystem::path& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

/// Both kinds over the same home.
struct Storages {
  test::VaultHome home;
  std::filesystem::path plain_home = home.folder.path() / "plain";
  std::unique_ptr<vault::Storage> vault =
      vault::open_storage(home.folder.path(), home.path, vault::unlock_with(home.password));
  std::unique_ptr<vault::Storage> plain = vault::open_storage(plain_home, home.folder.path() / "no-vault", {});

  template <class Work>
  void both(Work work) {
    REQUIRE(vault->is_vault());
    REQUIRE(!plain->is_vault());
    work(*vault);
    work(*plain);
  }
};

}  // namespace

TEST_CASE("a storage reads, lists, replaces and removes by name, in a vault and in plain files") {
  Storages storages;
  storages.both([](vault::Storage& storage) {
    CHECK(storage.read("certs/a", 1000).error().kind() == Errc::not_found);
    CHECK(test::take(storage.names("certs")).empty());
    std::vector<vault::Change> changes;
    changes.push_back(change("certs/b", "two"));
    changes.push_back(change("certs/a", "one"));
    changes.push_back(change("certs-of-another", "x"));
    changes.push_back(change("certs/.hidden", "x"));
    test::take(storage.write(std::move(changes)));
    CHECK(test::take(storage.names("certs")) == std::vector<std::string>{"certs/a", "certs/b"});
    CHECK(text_of(storage, "certs/a") == "one");
    test::take(storage.write(changes_of(change("certs/a", "another"))));
    CHECK(text_of(storage, "certs/a") == "another");
    test::take(storage.write(changes_of({"certs/a", std::nullopt})));
    test::take(storage.write(changes_of({"certs/a", std::nullopt})));
    CHECK(storage.read("certs/a", 1000).error().kind() == Errc::not_found);
    CHECK(text_of(storage, "certs/b") == "two");
    CHECK(storage.read("certs/b", 2).error().kind() == Errc::too_large);
    CHECK(storage.write(changes_of(change("../x", "x"))).error().kind() == Errc::invalid);
  });
}

TEST_CASE("plain files have strict modes, and a secret that others can read is refused") {
  Storages storages;
  test::take(storages.plain->write(changes_of(change("certs/key", "k"))));
  test::take(storages.plain->write(changes_of(change("certs/cert", "c", kPublicMode))));
  CHECK(mode_at(storages.plain_home / "certs") == 0700);
  CHECK(mode_at(storages.plain_home / "certs/key") == 0600);
  CHECK(mode_at(storages.plain_home / "certs/cert") == 0644);
  CHECK(storages.plain->read("certs/cert", 100, true).error().kind() == Errc::not_permitted);
  CHECK(storages.plain->read("certs/cert", 100, false).has_value());
}

TEST_CASE("a storage of a vault never undoes what another writer did") {
  Storages storages;
  test::take(storages.vault->write(changes_of(change("data/state", "mine"))));
  test::take(storages.home.put("from/elsewhere", "theirs"));
  test::take(storages.vault->write(changes_of(change("data/state", "mine again"))));
  CHECK(storages.home.get("from/elsewhere") == "theirs");
  CHECK(storages.home.get("data/state") == "mine again");
}

TEST_CASE("the password is needed once, and again after a rekey; with a wrong one nothing is saved") {
  test::VaultHome home;
  int asked = 0;
  crypto::Secret current(home.password.view());
  vault::VaultStorage storage(home.file, [&](const vault::Header& header) -> Result<crypto::Secret> {
    ++asked;
    return vault::derive_master(current, header);
  });
  for (int i = 0; i < 3; ++i) test::take(storage.write(changes_of(change("data/state", "one"))));
  CHECK(asked == 1);
  const crypto::Secret next(std::string_view("the next password"));
  test::take(home.file.rekey(home.known(), next, vault::kMinIterations));
  const std::string rekeyed = home.bytes();
  CHECK(storage.write(changes_of(change("data/state", "lost"))).error().code == vault::VaultErrc::wrong_password);
  CHECK(storage.read("data/state", 100, true).error().code == vault::VaultErrc::wrong_password);
  CHECK(asked == 3);
  CHECK(home.bytes() == rekeyed);
  current = crypto::Secret(next.view());
  test::take(storage.write(changes_of(change("data/state", "two"))));
  CHECK(text_of(storage, "data/state") == "two");
  CHECK(asked == 4);
}
