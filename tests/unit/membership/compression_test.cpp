#include "membership/compression.hpp"

#include <doctest/doctest.h>
#include <lz4frame.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;

namespace {

constexpr std::size_t kCap = 1 << 20;

Bytes repetitive(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>("worker-0123456789"[i % 17]);
  return out;
}

Bytes noise(std::size_t size) {
  SeededRandom random(3);
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random.next());
  return out;
}

/// A frame that does not say how much it holds.
Bytes frame_without_size(ByteView content) {
  Bytes out(LZ4F_compressFrameBound(content.size(), nullptr));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), content.data(), content.size(), nullptr));
  return out;
}

std::string run_lz4(const std::string& arguments, ByteView input) {
  const auto folder = std::filesystem::temp_directory_path() / ("lz4-test-" + std::to_string(::getpid()));
  const std::string in = (folder / "in").string(), out = (folder / "out").string();
  REQUIRE(write_file(in, as_text(input), kPublicMode).has_value());
  REQUIRE(std::system(("lz4 -q -f " + arguments + " " + in + " " + out).c_str()) == 0);
  const std::string result = read_file(out, kCap).value();
  std::filesystem::remove_all(folder);
  return result;
}

}  // namespace

TEST_CASE("content comes back from its frame") {
  for (const std::size_t size : {0, 1, 1000, 65'536, 300'000}) {
    CAPTURE(size);
    CHECK(decompress_lz4(compress_lz4(repetitive(size)), kCap).value() == repetitive(size));
    CHECK(decompress_lz4(compress_lz4(noise(size)), kCap).value() == noise(size));
    CHECK(decompress_lz4(frame_without_size(repetitive(size)), kCap).value() == repetitive(size));
  }
}

TEST_CASE("the lz4 tool reads our frames, and we read its") {
  const Bytes content = repetitive(100'000);
  CHECK(run_lz4("-d", compress_lz4(content)) == as_text(content));
  CHECK(decompress_lz4(to_bytes(run_lz4("-9", content)), kCap).value() == content);
  CHECK(decompress_lz4(to_bytes(run_lz4("--content-size -B4", content)), kCap).value() == content);
}

TEST_CASE("a frame that claims a gigabyte is refused, and so is one that becomes 64 MiB, announced or not") {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = 1 << 30;
  LZ4F_cctx* context = nullptr;
  REQUIRE(LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)) == 0);
  Bytes claims(LZ4F_HEADER_SIZE_MAX);
  claims.resize(LZ4F_compressBegin(context, claims.data(), claims.size(), &preferences));
  LZ4F_freeCompressionContext(context);
  CHECK(decompress_lz4(claims, kCap).error().kind() == Errc::too_large);
  const Bytes zeros(64 << 20, 0);
  CHECK(decompress_lz4(compress_lz4(zeros), kCap).error().kind() == Errc::too_large);
  CHECK(decompress_lz4(frame_without_size(zeros), kCap).error().kind() == Errc::too_large);
}

TEST_CASE("exactly the cap is allowed, a byte more is not") {
  CHECK(decompress_lz4(frame_without_size(repetitive(5000)), 5000).value().size() == 5000);
  CHECK(decompress_lz4(frame_without_size(repetitive(5001)), 5000).error().kind() == Errc::too_large);
  CHECK(decompress_lz4(compress_lz4(repetitive(5000)), 5000).value().size() == 5000);
}

TEST_CASE("what is not one whole frame is damaged") {
  const Bytes frame = compress_lz4(repetitive(3000));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CAPTURE(size);
    CHECK(decompress_lz4(ByteView(frame).first(size), kCap).error().kind() == Errc::damaged);
  }
  Bytes twice = frame;
  twice.insert(twice.end(), frame.begin(), frame.end());
  CHECK(decompress_lz4(twice, kCap).error().kind() == Errc::damaged);
  Bytes changed = frame;
  changed[changed.size() - 6] ^= 1;
  CHECK_FALSE(decompress_lz4(changed, kCap).has_value());
  CHECK(decompress_lz4(to_bytes("not a frame at all"), kCap).error().kind() == Errc::damaged);
  const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
  CHECK(decompress_lz4(skippable, kCap).error().kind() == Errc::damaged);
}

TEST_CASE("only what is over the threshold and gains is compressed") {
  const CompressionSettings settings;
  CHECK_FALSE(pack(repetitive(1024), settings).is_lz4);
  CHECK(pack(repetitive(1025), settings).is_lz4);
  CHECK_FALSE(pack(noise(5000), settings).is_lz4);
  CHECK(pack(noise(5000), settings).body == noise(5000));
  CHECK_FALSE(pack(repetitive(5000), {false, 1024}).is_lz4);
}
