#include "logs/spool/frame.hpp"

#include <doctest/doctest.h>

#include <cstdio>

#include "log_testing.hpp"
#include "logs/spool/epochs.hpp"
#include "logs/spool/recover.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

/// What the gzip program says of it: the last eight bytes are the CRC-32 and the length, little-endian.
std::string crc_by_gzip(ByteView bytes) {
  TemporaryFolder folder;
  const auto file = folder.path() / "bytes";
  FILE* out = std::fopen(file.c_str(), "wb");
  REQUIRE(out != nullptr);
  std::fwrite(bytes.data(), 1, bytes.size(), out);
  std::fclose(out);
  const std::string command = "gzip -c '" + file.string() + "' | tail -c8 | od -An -tx1 -N4";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  unsigned a = 0, b = 0, c = 0, d = 0;
  REQUIRE(std::fscanf(pipe, "%x %x %x %x", &a, &b, &c, &d) == 4);
  ::pclose(pipe);
  const std::array<std::uint8_t, 4> big{static_cast<std::uint8_t>(d), static_cast<std::uint8_t>(c),
                                        static_cast<std::uint8_t>(b), static_cast<std::uint8_t>(a)};
  return to_hex(big);
}

}  // namespace

TEST_CASE("a segment is as its page says, byte for byte") {
  const BootId boot{0xAB};
  const auto header = encode_header({0x0102030405, 7, boot, true});
  const std::string crc = crc_by_gzip(ByteView(header).first(60));
  CHECK(to_hex(header) ==
        "50325053504f4f4c"
        "01"
        "01"
        "000000000000"
        "0000000102030405"
        "0000000000000007"
        "ab000000000000000000000000000000"
        "000000000000000000000000" +
            crc);
  CHECK(parse_header(header).value() == SegmentHeader{0x0102030405, 7, boot, true});
  Bytes frame;
  const Bytes item{0xF6};
  append_frame(frame, RecordFrame{7, LogLevel::info, item, {}, {}});
  const std::string payload =
      "01"
      "01"
      "0000000000000007"
      "00000001"
      "f6";
  CHECK(to_hex(frame) == "0000000f" + crc_by_gzip(*from_hex("0000000f" + payload)) + payload);
  CHECK(frame.size() == 23);
}

TEST_CASE("frames come back as they were written") {
  Bytes frames;
  const Bytes item = encode_item(make_record(7));
  append_frame(frames, RecordFrame{7, LogLevel::critical, item, "file:a", "10"});
  append_frame(frames, Gap{8, 1000, {1, 2, 3, 4, 5}, 978});
  const std::vector<SourcePosition> positions{{"a", "1"}, {"b", ""}};
  append_frame(frames, positions);
  append_frame(frames, MarkFrame{3, 5, true});
  FrameReader reader(frames);
  const auto record = std::get<RecordFrame>(reader.next().value());
  CHECK(record.seq == 7);
  CHECK(record.level == LogLevel::critical);
  CHECK(to_hex(record.item) == to_hex(item));
  CHECK(record.source == "file:a");
  CHECK(record.position == "10");
  CHECK(std::get<Gap>(reader.next().value()) == Gap{8, 1000, {1, 2, 3, 4, 5}, 978});
  CHECK(std::get<PositionsFrame>(reader.next().value()).positions == positions);
  const auto mark = std::get<MarkFrame>(reader.next().value());
  CHECK((mark.acknowledged == 3 && mark.sent == 5 && mark.closed));
  CHECK_FALSE(reader.next());
  CHECK(reader.skipped_bytes() == 0);
}

TEST_CASE("a gap is smaller than the record that it replaces, so that dropping always frees room") {
  for (const std::uint64_t seq : {std::uint64_t{1}, std::uint64_t{1} << 40, kMaxSeq}) {
    LogRecord record;
    record.seq = seq;
    Bytes kept, dropped;
    append_frame(kept, RecordFrame{seq, LogLevel::debug, encode_item(record), {}, {}});
    append_frame(dropped, Gap{seq, seq, {1, 0, 0, 0, 0}, 0});
    CHECK(dropped.size() < kept.size());
  }
}

TEST_CASE("a level is dropped with one gap for each run, positions stay, and what was sent stays") {
  Blocks blocks;
  const Bytes item = encode_item(make_record(1));
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    const LogLevel level = seq == 5 ? LogLevel::error : LogLevel::debug;
    blocks.add(RecordFrame{seq, level, item, "file:a", std::to_string(seq)});
  }
  const Block block = without_level(blocks.list().front(), LogLevel::debug, 2);
  CHECK(block.tally.first_seq == 1);
  CHECK(block.tally.last_seq == 10);
  CHECK(block.tally.droppable == LevelCounts{0, 0, 0, 1, 0});
  SourcePositions positions;
  const Recovered read = recover_frames(block.frames, 1, positions);
  CHECK(positions.find("file:a") == "10");
  CHECK(read.damaged_records == 0);
  std::vector<Gap> gaps;
  std::vector<std::uint64_t> records;
  FrameReader reader(block.frames);
  while (const auto frame = reader.next()) {
    if (const auto* gap = std::get_if<Gap>(&*frame)) gaps.push_back(*gap);
    if (const auto* record = std::get_if<RecordFrame>(&*frame)) records.push_back(record->seq);
  }
  CHECK(records == std::vector<std::uint64_t>{1, 2, 5});
  CHECK(gaps == std::vector<Gap>{{3, 4, {2, 0, 0, 0, 0}, 0}, {6, 10, {5, 0, 0, 0, 0}, 0}});
}

TEST_CASE("epochs follow each other") {
  Epochs epochs(5);
  CHECK(epochs.at(1) == 5);
  CHECK(epochs.end_at(1) == kMaxSeq);
  epochs.add(101, 6);
  epochs.add(201, 7);
  CHECK(epochs.at(100) == 5);
  CHECK(epochs.end_at(100) == 100);
  CHECK(epochs.at(101) == 6);
  CHECK(epochs.at(500) == 7);
  epochs.forget_before(150);
  CHECK(epochs.at(150) == 6);
  epochs.replace(9);
  CHECK(epochs.at(1) == 9);
  CHECK(epochs.end_at(150) == kMaxSeq);
}
