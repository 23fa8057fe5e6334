// tests/vectors/vault: files that Python's libraries made, with every value between password and file.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/json.hpp"
#include "vault_home.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

const Json& vectors() {
  static const Json all = Json::parse(test::take(read_file(P2P_VECTORS "/vault/vectors.json", 1 << 20)));
  return all;
}

std::string text_at(const Json& vector, const char* key) { return vector[key].get<std::string>(); }
Bytes bytes_at(const Json& vector, const char* key) { return *from_hex(text_at(vector, key)); }

template <class Bytes>
std::string hex(const Bytes& bytes) {
  return to_hex(ByteView(bytes));
}

}  // namespace

TEST_CASE("each value from password to header is that of the vectors") {
  for (const auto& vector : vectors()) {
    CAPTURE(vector["comment"].get<std::string>());
    const auto header = test::take(vault::parse_header(bytes_at(vector, "file")));
    CHECK(header.iterations == vector["iterations"].get<std::uint32_t>());
    CHECK(hex(header.salt) == text_at(vector, "salt"));
    CHECK(hex(header.nonce) == text_at(vector, "nonce"));
    CHECK(hex(header.commitment) == text_at(vector, "commitment"));
    CHECK(hex(vault::encode_header(header)) == text_at(vector, "header"));
    const auto master = vault::derive_master(crypto::Secret(text_at(vector, "password")), header);
    CHECK(hex(as_bytes(master.view())) == text_at(vector, "master"));
    const auto keys = test::take(vault::expand_master(master));
    CHECK(hex(as_bytes(keys.key.view())) == text_at(vector, "key"));
    CHECK(hex(as_bytes(keys.commitment.view())) == text_at(vector, "commitment"));
    CHECK(vault::fits(keys, header));
  }
}

TEST_CASE("the files of the vectors open and have their entries") {
  const TemporaryFolder folder;
  for (const auto& vector : vectors()) {
    CAPTURE(vector["comment"].get<std::string>());
    const auto path = folder.path() / "vault";
    test::take(write_file(path, as_text(bytes_at(vector, "file")), kSecretMode));
    const crypto::Secret password(text_at(vector, "password"));
    const auto opened = test::take(vault::VaultFile(path).open(vault::unlock_with(password)));
    CHECK(opened.contents.entries().size() == vector["entries"].size());
    for (const auto& [name, content] : vector["entries"].items()) {
      CHECK(to_hex(test::take(opened.contents.read(name)).view()) == content.get<std::string>());
      // 2024-02-29T12:30:58Z, by `date -d … +%s`.
      CHECK(opened.contents.find(name)->modified.time_since_epoch().count() == 1'709'209'858);
    }
  }
}

TEST_CASE("what is stored gives the archive of Python's zipfile, but for who made it") {
  for (const auto& vector : vectors()) {
    const Bytes expected = bytes_at(vector, "archive");
    const auto entries = test::take(vault::parse_archive(expected));
    std::vector<const vault::PackedEntry*> pointers;
    for (const auto& entry : entries) pointers.push_back(&entry);
    Bytes written;
    test::take(vault::write_archive(pointers, [&](ByteView piece) -> Result<void> {
      written.insert(written.end(), piece.begin(), piece.end());
      return {};
    }));
    CHECK(written.size() == expected.size());
    CHECK(written.size() == vault::archive_bytes(pointers));
    // Flags and entries' order are the same; what differs is the bit for UTF-8, which Python sets only where it
    // matters.
    const auto differing = std::mismatch(written.begin(), written.end(), expected.begin(),
                                         [](auto a, auto b) { return a == b || (a ^ b) == 0x08; });
    CHECK(differing.first == written.end());
  }
}
