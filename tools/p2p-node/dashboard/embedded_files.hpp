// The files of the web page, as they were built into this program. Pure data; see CMakeLists.txt beside this file.
#pragma once

#include <span>
#include <string_view>

namespace p2p::node {

/// What one address is answered with. All views live as long as the process.
struct EmbeddedFile {
  std::string_view path;  ///< of the URL: "/dashboard" for the page, "/dashboard/assets/NAME-HASH.js" for what it loads
  std::string_view content_type;  ///< as the header is sent, with charset where it is text
  std::string_view
      etag;  ///< strong (RFC 9110 §8.8.3), in its quotes, of the identity bytes; a compressed answer needs its own
  bool immutable;             ///< its name has its hash, so it may be cached for ever
  std::string_view identity;  ///< the bytes
  std::string_view gzip;      ///< the same, compressed (RFC 1952); empty where that would not be smaller
};

/// The page first; empty in a build without the dashboard (-DP2P_DASHBOARD=OFF).
std::span<const EmbeddedFile> embedded_files() noexcept;

}  // namespace p2p::node
