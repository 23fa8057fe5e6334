#include "pki/node_material.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "fleet.hpp"

using namespace p2p;
namespace fs = std::filesystem;

namespace {

/// A home with a CA in it, and the request of one node.
struct Home {
  test::TemporaryFolder folder;
  pki::CertificateFolder certs{folder.path() / "certs"};
  pki::Authority authority = test::make_authority();
  pki::NodeMaterialRequest request{.own = certs.files_of("worker-1"),
                                   .home = folder.path(),
                                   .ca_certificate = certs.files_of("ca").certificate,
                                   .ca_key = certs.files_of("ca").key,
                                   .cluster_name = "p2p",
                                   .node_id = "worker-1",
                                   .coordinator = false};

  Home() {
    REQUIRE(pki::write_pair(certs.files_of("ca"), authority.certificate(), authority.key(), false).has_value());
  }
  Result<pki::NodeMaterial> load() const { return pki::load_node_material(request, test::now()); }
  Errc kind() const { return load().error().kind(); }
  void put(const test::Leaf& leaf) const {
    REQUIRE(pki::write_pair(request.own, leaf.certificate, *leaf.key, true).has_value());
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

}  // namespace

TEST_CASE("a node whose certificate is missing makes its own where the CA's key is, once") {
  Home home;
  home.request.coordinator = true;
  home.request.extra_names = {*pki::parse_subject_name("10.0.0.7")};
  const auto first = home.load();
  REQUIRE_MESSAGE(first.has_value(), first.error().context);
  CHECK(first->made);
  CHECK(first->identity == pki::Identity{"p2p", pki::Role::coordinator, "worker-1"});
  CHECK(mode_of(home.request.own.key) == 0600);
  CHECK(mode_of(home.certs.path()) == 0700);
  const std::string file = home.request.own.certificate.string();
  CHECK(test::openssl("verify -x509_strict -CAfile " + home.request.ca_certificate.string() + " " + file).exit_code ==
        0);
  CHECK(test::openssl("x509 -noout -checkip 10.0.0.7 -in " + file).output.find("does match") != std::string::npos);
  const auto second = home.load();
  REQUIRE(second.has_value());
  CHECK_FALSE(second->made);
  CHECK(second->certificate_pem == first->certificate_pem);
  CHECK(second->key_pem.view() == first->key_pem.view());
}

TEST_CASE("a key that was left without certificate is kept and completed") {
  Home home;
  const auto leaf = test::issue(home.authority, {.name = "worker-1"});
  home.put(leaf);
  fs::remove(home.request.own.certificate);
  const auto material = home.load();
  REQUIRE(material.has_value());
  CHECK(material->made);
  CHECK(material->key_pem.view() == leaf.key_pem());
}

TEST_CASE("without the CA's key nothing is made, and the missing file is named") {
  Home home;
  home.request.ca_key.clear();
  const auto material = home.load();
  REQUIRE_FALSE(material.has_value());
  CHECK(material.error().kind() == Errc::not_found);
  CHECK(material.error().context.find("worker-1_cert.pem") != std::string::npos);
  fs::remove(home.certs.files_of("ca").key);
  home.request.ca_key = home.certs.files_of("ca").key;
  CHECK(home.kind() == Errc::not_found);
  CHECK_FALSE(fs::exists(home.request.own.key));
}

TEST_CASE("a certificate that does not fit the node stops it") {
  using std::chrono::days;
  Home home;
  const auto why = [&](const test::Leaf& leaf) {
    home.put(leaf);
    return home.load().error().context;
  };
  const auto ends = [](const std::string& text, std::string_view end) {
    CAPTURE(text);
    CHECK(text.ends_with(end));
  };
  ends(why(test::issue(home.authority, {.name = "worker-2"})), "a certificate of worker-2, but node_id is worker-1");
  ends(why(test::issue(home.authority, {.role = pki::Role::coordinator, .name = "worker-1"})),
       "a coordinator's certificate, but coordinator_mode is false");
  ends(why(test::issue(home.authority, {.role = pki::Role::operator_, .name = "worker-1"})),
       "an operator's certificate, not a node's");
  ends(why(test::issue(test::make_authority("shop"), {.name = "worker-1"})),
       "a certificate of cluster shop, but cluster_name is p2p");
  ends(why(test::issue(test::make_authority(), {.name = "worker-1"})), "not signed by this CA");
  ends(why(test::issue(home.authority, {.name = "worker-1"}, test::now() + days{3})), "Z");
  const auto good = test::issue(home.authority, {.name = "worker-1"});
  home.put(good);
  REQUIRE(home.load().has_value());
  CHECK(pki::load_node_material(home.request, test::now() + days{366}).error().kind() == Errc::damaged);
  const auto other = test::issue(home.authority, {.name = "worker-1"});
  REQUIRE(write_file(home.request.own.key, other.key_pem(), kSecretMode).has_value());
  CHECK(home.kind() == Errc::damaged);
  REQUIRE(write_file(home.request.own.key, good.key_pem(), 0644).has_value());
  CHECK(home.kind() == Errc::not_permitted);
  REQUIRE(write_file(home.request.own.key, good.key_pem().substr(0, 100), kSecretMode).has_value());
  CHECK(home.kind() == Errc::damaged);
}

TEST_CASE("a CA of another cluster, a loose or foreign CA key make nothing") {
  Home home;
  home.request.cluster_name = "shop";
  CHECK(home.kind() == Errc::invalid);
  home.request.cluster_name = "p2p";
  fs::permissions(home.request.ca_key, fs::perms::group_read | fs::perms::owner_read);
  const auto loose = home.load();
  CHECK(loose.error().kind() == Errc::not_permitted);
  CHECK(loose.error().context.find("chmod 600 " + home.request.ca_key.string()) != std::string::npos);
  const auto other = test::make_authority();
  REQUIRE(write_file(home.request.ca_key, crypto::write_private_key(other.key())->view(), kSecretMode).has_value());
  CHECK(home.kind() == Errc::damaged);
  CHECK_FALSE(fs::exists(home.request.own.key));
}

TEST_CASE("a pair is not overwritten unasked, whichever half is there") {
  Home home;
  const auto leaf = test::issue(home.authority, {.name = "worker-1"});
  const auto write = [&](bool replace) {
    return pki::write_pair(home.request.own, leaf.certificate, *leaf.key, replace);
  };
  REQUIRE(write_file(home.request.own.certificate, "old", kPublicMode).has_value());
  CHECK(write(false).error().kind() == Errc::exists);
  CHECK_FALSE(fs::exists(home.request.own.key));
  fs::remove(home.request.own.certificate);
  REQUIRE(write_file(home.request.own.key, "old", kSecretMode).has_value());
  CHECK(write(false).error().kind() == Errc::exists);
  CHECK(*read_file(home.request.own.key, 10) == "old");
  CHECK(write(true).has_value());
  CHECK(pki::read_pair(home.request.own).has_value());
}

TEST_CASE("a pair that cannot be replaced stays as it was") {
  Home home;
  const auto old = test::issue(home.authority, {.name = "worker-1"});
  home.put(old);
  const auto leaf = test::issue(home.authority, {.name = "worker-1"});
  const auto key = *read_file(home.request.own.key, crypto::kMaxKeyPemBytes);
  fs::remove(home.request.own.certificate);
  fs::create_directory(home.request.own.certificate);  // as if the process ended between the two files
  CHECK_FALSE(pki::write_pair(home.request.own, leaf.certificate, *leaf.key, true).has_value());
  fs::remove(home.request.own.certificate);
  REQUIRE(write_file(home.request.own.certificate, old.certificate.pem(), kPublicMode).has_value());
  CHECK(*read_file(home.request.own.key, crypto::kMaxKeyPemBytes) == key);
  CHECK(pki::read_pair(home.request.own).has_value());
  REQUIRE(pki::settle_pair(home.request.own).has_value());
  CHECK_FALSE(file_exists(home.request.own.key.string() + ".new"));
}

TEST_CASE("between the certificate and its key, the pair is read with the key that waits") {
  Home home;
  const auto old = test::issue(home.authority, {.name = "worker-1"});
  home.put(old);
  const auto leaf = test::issue(home.authority, {.name = "worker-1"});
  const fs::path waiting = home.request.own.key.string() + ".new";
  REQUIRE(write_file(waiting, crypto::write_private_key(*leaf.key)->view(), kSecretMode).has_value());
  REQUIRE(write_file(home.request.own.certificate, leaf.certificate.pem(), kPublicMode).has_value());
  const auto pair = pki::read_pair(home.request.own);
  REQUIRE(pair.has_value());
  CHECK(crypto::same_key(*pair->key, *leaf.key));
  REQUIRE(pki::settle_pair(home.request.own).has_value());
  CHECK_FALSE(file_exists(waiting));
  CHECK(crypto::same_key(**pki::read_key_file(home.request.own.key), *leaf.key));
}

TEST_CASE("the folder lists what has a certificate") {
  Home home;
  const auto leaf = test::issue(home.authority, {.name = "worker-1"});
  home.put(leaf);
  REQUIRE(write_file(home.certs.path() / "notes.txt", "x", kPublicMode).has_value());
  CHECK(*home.certs.names() == std::vector<std::string>{"ca", "worker-1"});
  CHECK(pki::CertificateFolder(home.folder.path() / "none").names().error().kind() == Errc::not_found);
}
