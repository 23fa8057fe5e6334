#include "vault/storage.hpp"

#include <fstream>

#include "vault/home_mount.hpp"
#include "vault_home.hpp"

using namespace p2p;

namespace {

std::vector<vault::Change> changes_of(const std::string& name, std::optional<std::string_view> text) {
  std::vector<vault::Change> out;
  out.push_back({name, text ? std::optional(test::buffer_of(*text)) : std::nullopt});
  return out;
}

std::string text_of(vault::Storage& storage, const std::string& name) {
  return to_text(test::take(storage.read(name, 1000)).view());
}

/// A home whose vault is mounted.
struct MountedHome {
  test::VaultHome vault;
  std::filesystem::path home = vault.folder.path();
  std::filesystem::path key = home / "certs/a_key.pem", certificate = home / "certs/a_cert.pem";

  MountedHome() {
    mount_files(std::make_shared<vault::HomeMount>(home, vault.file, vault::unlock_with(vault.password)));
  }
  ~MountedHome() { mount_files(nullptr); }
  std::string on_disk(const std::filesystem::path& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool is_on_disk(const std::filesystem::path& path) const { return std::filesystem::exists(path); }
};

}  // namespace

TEST_CASE("a storage reads, lists, replaces and removes by name") {
  test::VaultHome home;
  vault::Storage storage(home.file, vault::unlock_with(home.password));
  CHECK(storage.read("certs/a", 1000).error().kind() == Errc::not_found);
  test::take(storage.write(changes_of("certs/b", "two")));
  test::take(storage.write(changes_of("certs/a", "one")));
  CHECK(test::take(storage.names()) == std::vector<std::string>{"certs/a", "certs/b"});
  test::take(storage.write(changes_of("certs/a", "another")));
  CHECK(text_of(storage, "certs/a") == "another");
  test::take(storage.write(changes_of("certs/a", std::nullopt)));
  test::take(storage.write(changes_of("certs/a", std::nullopt)));
  CHECK(storage.read("certs/a", 1000).error().kind() == Errc::not_found);
  CHECK(storage.read("certs/b", 2).error().kind() == Errc::too_large);
  CHECK(storage.write(changes_of("../x", "x")).error().kind() == Errc::invalid);
}

TEST_CASE("a storage never undoes what another writer did") {
  test::VaultHome home;
  vault::Storage storage(home.file, vault::unlock_with(home.password));
  test::take(storage.write(changes_of("data/state", "mine")));
  test::take(home.put("from/elsewhere", "theirs"));
  test::take(storage.write(changes_of("data/state", "mine again")));
  CHECK(home.get("from/elsewhere") == "theirs");
  CHECK(home.get("data/state") == "mine again");
}

TEST_CASE("in a home with a vault, what is secret is written to it alone, and found there before the disk is asked") {
  MountedHome at;
  const NewFile pair[] = {{at.key, "key", kSecretMode}, {at.certificate, "certificate", kPublicMode}};
  test::take(create_files(pair));
  CHECK_FALSE(at.is_on_disk(at.key));
  CHECK(at.is_on_disk(at.certificate));
  CHECK(at.vault.get("certs/a_key.pem") == "key");
  CHECK(file_exists(at.key));
  CHECK(test::take(read_secret_file(at.key, 100)) == "key");
  CHECK(test::take(files_in(at.home / "certs")) == std::vector{at.certificate, at.key});
  CHECK(create_file(at.key, "other", kSecretMode).error().kind() == Errc::exists);
  // A certificate that was put into the vault is replaced there.
  test::take(at.vault.put("certs/a_cert.pem", "imported"));
  CHECK(test::take(read_file(at.certificate, 100)) == "imported");
  test::take(write_file(at.certificate, "renewed", kPublicMode));
  CHECK(at.vault.get("certs/a_cert.pem") == "renewed");
  // What is public and lies on the disk as well stays the same there, for those who know no vault.
  CHECK(at.on_disk(at.certificate) == "renewed");
  std::filesystem::remove(at.certificate);
  test::take(write_file(at.certificate, "again", kPublicMode));
  CHECK_FALSE(at.is_on_disk(at.certificate));
  test::take(move_file(at.key, at.home / "certs/b_key.pem"));
  CHECK_FALSE(file_exists(at.key));
  CHECK(test::take(read_secret_file(at.home / "certs/b_key.pem", 100)) == "key");
  test::take(remove_file(at.home / "certs/b_key.pem"));
  CHECK_FALSE(file_exists(at.home / "certs/b_key.pem"));
  CHECK(read_file(at.key, 100).error().kind() == Errc::not_found);
}

TEST_CASE(
    "a secret that lay on the disk is gone from it once it is written to the vault; other folders stay as they are") {
  test::VaultHome vault;
  const auto home = vault.folder.path();
  test::take(write_file(home / "data/state.json", "old", kSecretMode));
  mount_files(std::make_shared<vault::HomeMount>(home, vault.file, vault::unlock_with(vault.password)));
  CHECK(test::take(read_secret_file(home / "data/state.json", 100)) == "old");
  test::take(write_file(home / "data/state.json", "new", kSecretMode));
  test::take(write_file(home / "services/x", "plain", kSecretMode));
  test::take(write_file(home / "certs/../../elsewhere", "plain", kSecretMode));
  mount_files(nullptr);
  CHECK_FALSE(std::filesystem::exists(home / "data/state.json"));
  CHECK(vault.get("data/state.json") == "new");
  CHECK(std::filesystem::exists(home / "services/x"));
  CHECK(std::filesystem::remove(home.parent_path() / "elsewhere"));
}

TEST_CASE("the node's state is in the vault wherever it is in home, and nowhere else") {
  test::VaultHome vault;
  const auto home = vault.folder.path();
  const auto mount = std::make_shared<vault::HomeMount>(home, vault.file, vault::unlock_with(vault.password));
  CHECK_FALSE(mount->covers(home / "state/of-mine/a.json"));
  mount->cover(home / "state/of-mine");
  for (const auto& elsewhere : {home, home.parent_path(), std::filesystem::path("/var/lib")}) mount->cover(elsewhere);
  CHECK(mount->covers(home / "state/of-mine/a.json"));
  CHECK_FALSE(mount->covers(home / "state/other.json"));
  CHECK_FALSE(mount->covers(home / "a.json"));
  CHECK_FALSE(mount->covers("/var/lib/a.json"));
}

TEST_CASE("the password is needed once, and again after a rekey; with a wrong one nothing is saved") {
  test::VaultHome home;
  int asked = 0;
  crypto::Secret current(home.password.view());
  vault::Storage storage(home.file, [&](const vault::Header& header) -> Result<crypto::Secret> {
    ++asked;
    return vault::derive_master(current, header);
  });
  for (int i = 0; i < 3; ++i) test::take(storage.write(changes_of("data/state", "one")));
  CHECK(asked == 1);
  const crypto::Secret next(std::string_view("the next password"));
  test::take(home.file.rekey(home.known(), next, vault::kMinIterations));
  const std::string rekeyed = home.bytes();
  CHECK(storage.write(changes_of("data/state", "lost")).error().code == vault::VaultErrc::wrong_password);
  CHECK(storage.read("data/state", 100).error().code == vault::VaultErrc::wrong_password);
  CHECK(asked == 3);
  CHECK(home.bytes() == rekeyed);
  current = crypto::Secret(next.view());
  test::take(storage.write(changes_of("data/state", "two")));
  CHECK(text_of(storage, "data/state") == "two");
  CHECK(asked == 4);
}

TEST_CASE("a file is moved to where its name is looked for, from the disk or from the vault") {
  MountedHome at;
  const auto staged = at.home / "certs/a_cert.pem.new";
  test::take(at.vault.put("certs/a_cert.pem", "old"));
  test::take(write_file(staged, "new", kPublicMode));
  test::take(move_file(staged, at.certificate));
  CHECK(test::take(read_file(at.certificate, 100)) == "new");
  CHECK_FALSE(file_exists(staged));
  test::take(write_file(staged, "newer", kPublicMode));
  std::ofstream(at.certificate) << "new";
  test::take(move_file(staged, at.certificate));
  CHECK(at.vault.get("certs/a_cert.pem") == "newer");
  CHECK(at.on_disk(at.certificate) == "newer");
  // The other way round, nothing stays in the clear.
  mount_files(nullptr);
  test::take(write_file(at.key, "in the clear", kSecretMode));
  test::take(at.vault.put("certs/a_key.pem.new", "secret"));
  mount_files(std::make_shared<vault::HomeMount>(at.home, at.vault.file, vault::unlock_with(at.vault.password)));
  test::take(move_file(at.home / "certs/a_key.pem.new", at.key));
  CHECK_FALSE(at.is_on_disk(at.key));
  CHECK(test::take(read_secret_file(at.key, 100)) == "secret");
}

TEST_CASE("a path is the same by whatever way it is named, and a database is on the disk") {
  MountedHome at;
  test::take(at.vault.put("config/node.yaml", "x"));
  const auto link = at.home.parent_path() / (at.home.filename().string() + "-link");
  std::filesystem::create_directory_symlink(at.home, link);
  CHECK(file_exists(link / "config/node.yaml"));
  CHECK(file_exists(std::filesystem::relative(at.home) / "config/node.yaml"));
  std::filesystem::remove(link);
  test::take(create_disk_file(at.home / "config/some.db", kSecretMode));
  CHECK(at.is_on_disk(at.home / "config/some.db"));
}
