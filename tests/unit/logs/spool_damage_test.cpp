// A spool whose files are torn, flipped, missing or foreign.
#include <libdeflate.h>

#include "base/byte_order.hpp"
#include "spool_testing.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

/// Three segments of 20 records each, all closed in order. Small ones, as every byte is tried.
void make_three_segments(SpoolFixture& fixture) {
  for (int i = 0; i < 3; ++i) {
    SpoolFixture part;
    if (i > 0) fixture.copy_to(part);
    part.max_bytes = 16 * 2048;  // two do not fit one segment
    part.open();
    while (part.spool->last_seq() < static_cast<std::uint64_t>(20 * (i + 1))) part.append(LogLevel::info, 30);
    part.close();
    part.copy_to(fixture);
  }
  REQUIRE(fixture.files().size() == 3);
}

void open_small(SpoolFixture& fixture) {
  fixture.max_bytes = 16 * 2048;
  fixture.open();
}

/// Reads all, over all epochs: what is kept, and that nothing is out of order.
Read read_everything(SpoolFixture& fixture) {
  std::vector<Item> out;
  while (fixture.spool->first_seq() <= fixture.spool->last_seq()) {
    for (auto& item : fixture.read_all(true)) out.push_back(std::move(item));
  }
  return Read(out);
}

}  // namespace

TEST_CASE("a last segment that ends at any byte keeps what was whole, and the rest is said and cut") {
  SpoolFixture made;
  make_three_segments(made);
  const auto last = made.files().back().filename();
  const std::string whole = slurp(made.path() / last);
  std::uint64_t most = 0;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    SpoolFixture fixture;
    made.copy_to(fixture);
    spew(fixture.path() / last, whole.substr(0, cut));
    open_small(fixture);
    const std::uint64_t epoch = fixture.spool->epoch();
    const std::uint64_t there = fixture.spool->last_seq();
    CHECK(there >= 40);
    CHECK(there >= most);  // a longer file never gives less
    most = there;
    // A file that ends between two frames looks whole.
    if (fixture.sink.count() == 0) CHECK(cut >= kSegmentHeaderBytes);
    fixture.append();
    const Read read = read_everything(fixture);
    CHECK(read.seqs == rising(1, there + 1));
    CHECK(read.damaged == 0);
    // What was cut may have been sent: its numbers are not used again in its epoch.
    INFO(fixture.sink.text());
    if (fixture.sink.count() > 0) CHECK(fixture.spool->epoch() != epoch);
    // Once said, it is repaired.
    fixture.open();
    const std::size_t said = fixture.sink.count();
    fixture.open();
    CHECK(fixture.sink.count() == said);
  }
  CHECK(most == 60);
}

TEST_CASE("a flipped byte anywhere costs at most its own record, is said, and what follows is kept") {
  SpoolFixture made;
  make_three_segments(made);
  for (std::size_t which = 0; which < 3; ++which) {
    const auto name = made.files()[which].filename();
    const std::string whole = slurp(made.path() / name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      CAPTURE(which);
      CAPTURE(at);
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (0x80 >> (at % 8)));
      SpoolFixture fixture;
      made.copy_to(fixture);
      spew(fixture.path() / name, flipped);
      open_small(fixture);
      CHECK(fixture.sink.count() > 0);
      CHECK_FALSE(fixture.sink.has("is set aside"));
      const Read read = read_everything(fixture);
      const std::uint64_t cut = 60 - fixture.spool->last_seq();
      CHECK(read.seqs.size() + read.damaged + cut == 60);
      CHECK(read.damaged + cut <= 1);
      CHECK(read.damaged == fixture.sink.count(": 1 records are lost"));
    }
  }
}

TEST_CASE("a segment of a later version is set aside, and said") {
  SpoolFixture fixture;
  make_three_segments(fixture);
  const auto last = fixture.files().back();
  std::string later = slurp(last);
  // Its version and its checksum.
  later[8] = 2;
  put_big(reinterpret_cast<std::uint8_t*>(later.data()) + kSegmentHeaderBytes - 4,
          static_cast<std::uint32_t>(libdeflate_crc32(0, later.data(), kSegmentHeaderBytes - 4)));
  fixture.spool.reset();
  spew(last, later);
  open_small(fixture);
  CHECK(fixture.sink.has("it is of a later version"));
  CHECK(fixture.sink.has("is set aside"));
}

TEST_CASE("a segment that is missing in the middle is a gap, and others are kept") {
  SpoolFixture fixture;
  make_three_segments(fixture);
  std::filesystem::remove(fixture.files()[1]);
  open_small(fixture);
  CHECK(fixture.sink.has("20 records are lost"));
  for (int i = 0; i < 2; ++i) {
    const auto items = fixture.read_all();
    const Read read(items);
    CHECK(read.seqs.size() == 40);
    CHECK(read.damaged == 20);
    REQUIRE(items.size() == 41);
    CHECK(std::get<Gap>(items[20]) == Gap{21, 40, {}, 20});
    fixture.open();  // and it stays so
  }
}

TEST_CASE("a segment that is destroyed while it waits is a gap once it is its turn") {
  SpoolFixture fixture;
  fixture.open();
  for (int i = 0; i < 60'000; ++i) fixture.append(LogLevel::info, 200);
  fixture.open();
  const auto files = fixture.files();
  REQUIRE(files.size() >= 3);
  std::filesystem::resize_file(files[1], 1'000'000);
  const Read read(fixture.read_all(true));
  CHECK(read.damaged > 5000);
  CHECK(read.seqs.size() + read.damaged == 60'000);
  CHECK(read.seqs.back() == 60'000);
  CHECK(fixture.sink.has("the log spool is damaged in " + files[1].string()));
}

TEST_CASE("a spool of which nothing can be read is set aside, and a new one begins") {
  SpoolFixture fixture;
  make_three_segments(fixture);
  for (const auto& file : fixture.files()) spew(file, "not a segment, whatever its name says");
  open_small(fixture);
  CHECK(fixture.sink.count("set aside") == 3);
  CHECK(fixture.spool->last_seq() == 0);
  fixture.append();
  CHECK(Read(fixture.read_all()).seqs == rising(1, 1));
  for (const auto& file : fixture.files()) CHECK((file.extension() == ".aside" || file.extension() == ".seg"));
  fixture.open();
  CHECK(fixture.sink.count("set aside") == 3);
}

TEST_CASE("what is no segment is left alone") {
  SpoolFixture fixture;
  make_three_segments(fixture);
  spew(fixture.path() / "README", "mine");
  std::filesystem::create_directory(fixture.path() / "99999999.seg");
  open_small(fixture);
  CHECK(Read(fixture.read_all()).seqs == rising(1, 60));
  CHECK(slurp(fixture.path() / "README") == "mine");
}

TEST_CASE("a spool that cannot be opened says why") {
  TemporaryFolder folder;
  SeededRandom random(1);
  CapturingSink sink;
  spew(folder.path() / "file", "");
  const auto opened = DiskSpool::open({folder.path() / "file", 1 << 20, {}, {}}, random, sink);
  REQUIRE(!opened.has_value());
  CHECK(opened.error().context.find("not a folder") != std::string::npos);
}
