#include "vault/archive.hpp"

#include <doctest/doctest.h>
#include <libdeflate.h>

#include <cstdlib>
#include <functional>

#include "vault/limits.hpp"
#include "vault_home.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;

namespace {

struct Sample {
  std::string name;
  std::string content;
};

Bytes archive_of(const std::vector<Sample>& samples) {
  std::vector<vault::PackedEntry> entries;
  for (const auto& sample : samples) {
    entries.push_back(vault::stored_entry(sample.name, as_bytes(sample.content), test::kThen));
  }
  std::vector<const vault::PackedEntry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  Bytes out;
  test::take(vault::write_archive(pointers, [&](ByteView piece) -> Result<void> {
    out.insert(out.end(), piece.begin(), piece.end());
    return {};
  }));
  return out;
}

void set32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
}

Result<void> unpack_all(ByteView archive) {
  const auto entries = vault::parse_archive(archive);
  if (!entries) return entries.error();
  for (const auto& entry : *entries) {
    Bytes out(entry.content_bytes);
    if (auto done = vault::unpack(entry, out); !done) return done;
  }
  return {};
}

// Where the parts of archive_of({{"name", "content"}}) are: header 30, name 4, content 7, directory 46, name 4, end 22.
constexpr std::size_t kContentAt = 34;
constexpr std::size_t kDirectoryAt = 41;
constexpr std::size_t kEndAt = 91;

struct Broken {
  const char* what;
  std::function<void(Bytes&)> damage;
};

}  // namespace

TEST_CASE("entries come back as they were put, empty and binary ones included") {
  std::string binary;
  for (int i = 0; i < 1000; ++i) binary += static_cast<char>(i * 7);
  const std::vector<Sample> samples{{"a", ""}, {"certs/b", binary}, {"…", "c"}};
  const Bytes archive = archive_of(samples);
  const auto entries = test::take(vault::parse_archive(archive));
  REQUIRE(entries.size() == samples.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(entries[i].name == samples[i].name);
    CHECK(entries[i].modified == test::kThen);
    Bytes out(entries[i].content_bytes);
    test::take(vault::unpack(entries[i], out));
    CHECK(as_text(out) == samples[i].content);
  }
}

TEST_CASE("unzip finds nothing wrong with an archive, and unpacks the same") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "archive.zip";
  test::take(write_file(path, as_text(archive_of({{"a", "one"}, {"certs/b", std::string(100'000, 'b')}})), 0600));
  const std::string quiet = "cd " + folder.path().string() + " && unzip -q ";
  CHECK(std::system((quiet + "-t archive.zip").c_str()) == 0);
  REQUIRE(std::system((quiet + "archive.zip").c_str()) == 0);
  CHECK(test::take(read_secret_file(folder.path() / "a", 100)) == "one");
  CHECK(test::take(read_secret_file(folder.path() / "certs/b", 1 << 20)) == std::string(100'000, 'b'));
}

TEST_CASE("an entry that is called as the folder of another is damage, and one that only begins alike is not") {
  const auto refused = [](const std::vector<Sample>& samples) {
    const Bytes archive = archive_of(samples);
    const auto entries = vault::parse_archive(archive);
    return !entries && entries.error().kind() == Errc::damaged;
  };
  CHECK(refused({{"a", "1"}, {"a/b", "2"}}));
  CHECK(refused({{"a", "1"}, {"a!c", "2"}, {"a/b/c", "3"}}));
  CHECK(refused({{"x/y", "1"}, {"x/y/z", "2"}}));
  CHECK_FALSE(refused({{"a", "1"}, {"a!", "2"}, {"ab/c", "3"}}));
}

TEST_CASE("an archive that is cut off anywhere is damaged") {
  const Bytes archive = archive_of({{"name", "content"}, {"other", "more"}});
  for (std::size_t size = 0; size < archive.size(); ++size) {
    const auto done = unpack_all(ByteView(archive).first(size));
    REQUIRE(!done.has_value());
    CHECK(done.error().kind() == Errc::damaged);
  }
}

TEST_CASE("what does not fit together is damaged") {
  const Broken all[] = {
      {"checksum", [](Bytes& a) { a[kContentAt] ^= 1; }},
      {"name in its own header", [](Bytes& a) { a[30] ^= 1; }},
      {"signature of the header", [](Bytes& a) { a[0] ^= 1; }},
      {"signature of the directory", [](Bytes& a) { a[kDirectoryAt] ^= 1; }},
      {"signature of the end", [](Bytes& a) { a[kEndAt] ^= 1; }},
      {"count of entries", [](Bytes& a) { a[kEndAt + 8] = a[kEndAt + 10] = 2; }},
      {"no entries but a directory", [](Bytes& a) { a[kEndAt + 8] = a[kEndAt + 10] = 0; }},
      {"another disk", [](Bytes& a) { a[kEndAt + 4] = 1; }},
      {"a comment", [](Bytes& a) { a[kEndAt + 20] = 1; }},
      {"directory elsewhere", [](Bytes& a) { set32(a, kEndAt + 16, 40); }},
      {"directory far away", [](Bytes& a) { set32(a, kEndAt + 16, 0xffffffff); }},
      {"entry far away", [](Bytes& a) { set32(a, kDirectoryAt + 42, 0xfffffff0); }},
      {"entry in the directory", [](Bytes& a) { set32(a, kDirectoryAt + 42, kDirectoryAt); }},
      {"entry too long",
       [](Bytes& a) {
         set32(a, kDirectoryAt + 20, 8);
         set32(a, kDirectoryAt + 24, 8);
       }},
      {"sizes that differ", [](Bytes& a) { set32(a, kDirectoryAt + 24, 8); }},
      {"encryption", [](Bytes& a) { a[kDirectoryAt + 8] |= 1; }},
      {"an unknown method", [](Bytes& a) { a[kDirectoryAt + 10] = 12; }},
      {"stored, but called deflated", [](Bytes& a) { a[kDirectoryAt + 10] = 8; }},
      {"a name that leads out",
       [](Bytes& a) {
         for (const std::size_t at : {std::size_t{30}, kDirectoryAt + 46}) std::copy_n("../x", 4, &a[at]);
       }},
      {"a longer extra field", [](Bytes& a) { a[28] = 200; }},
  };
  for (const auto& [what, damage] : all) {
    CAPTURE(what);
    Bytes archive = archive_of({{"name", "content"}});
    REQUIRE(archive.size() == kEndAt + 22);
    damage(archive);
    const auto done = unpack_all(archive);
    REQUIRE(!done.has_value());
    CHECK(done.error().kind() == Errc::damaged);
    CHECK(done.error().context.starts_with("damaged content: "));
  }
}

TEST_CASE("a name that is there twice is damage, as readers differ in which they take") {
  CHECK(unpack_all(archive_of({{"name", "one"}, {"other", "x"}, {"name", "two"}})).error().context ==
        "damaged content: entry \"name\": it is there twice");
}

TEST_CASE("entries that share their bytes are refused") {
  // The second entry of the directory is made to be the first once more, under its own name: two for one.
  Bytes archive = archive_of({{"aa", "content"}, {"ab", "content"}});
  const std::size_t directory = 2 * (30 + 2 + 7);
  set32(archive, directory + 48 + 42, 0);
  archive[directory + 48 + 47] = 'a';
  CHECK(unpack_all(archive).error().context == "damaged content: entries overlap");
}

TEST_CASE("what would inflate beyond the limit is refused before anything is inflated") {
  Bytes archive = archive_of({{"name", "content"}});
  archive[kDirectoryAt + 10] = 8;
  set32(archive, kDirectoryAt + 24, 0xffffffff);
  const auto entries = vault::parse_archive(archive);
  REQUIRE(!entries.has_value());
  CHECK(entries.error().kind() == Errc::damaged);
}

TEST_CASE("an entry that inflates to another size than it says is damaged, larger or smaller") {
  const std::string text(10'000, 'x');
  Bytes packed(1000);
  auto* compressor = libdeflate_alloc_compressor(6);
  packed.resize(libdeflate_deflate_compress(compressor, text.data(), text.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  auto entry = vault::stored_entry("x", as_bytes(text), test::kThen);
  entry.method = vault::Method::deflated;
  entry.packed = packed;
  Bytes out(text.size());
  test::take(vault::unpack(entry, out));
  CHECK(as_text(out) == text);
  for (const std::uint32_t size : {9'999u, 10'001u, 0u, 1'000'000u}) {
    entry.content_bytes = size;
    out.assign(size, 0);
    CHECK(vault::unpack(entry, out).error().kind() == Errc::damaged);
  }
}

TEST_CASE("a time is kept to two seconds, within what ZIP can say") {
  const auto kept = [](std::int64_t seconds) {
    auto entry = vault::stored_entry("x", {}, std::chrono::sys_seconds{std::chrono::seconds{seconds}});
    Bytes archive;
    test::take(vault::write_archive({&entry}, [&](ByteView piece) -> Result<void> {
      archive.insert(archive.end(), piece.begin(), piece.end());
      return {};
    }));
    return test::take(vault::parse_archive(archive)).front().modified.time_since_epoch().count();
  };
  // By `date -u -d … +%s`: 2024-02-29 23:59:59, 1980-01-01, 2107-12-31 23:59:58.
  CHECK(kept(1'709'251'199) == 1'709'251'198);
  CHECK(kept(0) == 315'532'800);
  CHECK(kept(315'532'800) == 315'532'800);
  CHECK(kept(9'999'999'999) == 4'354'819'198);
}
