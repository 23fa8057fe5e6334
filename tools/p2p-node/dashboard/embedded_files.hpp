// The files of the web page, as they were built into this program. Pure data; see CMakeLists.txt beside this file.
#pragma once

#include <span>
#include <string_view>

namespace p2p::node {

/// What one address is answered with. All views live as long as the process.
struct EmbeddedFile {
  /// Of the URL: "/dashboard" for the page, "/dashboard/assets/NAME-HASH.js" for what it loads.
  std::string_view path;
  /// As the header is sent, with charset where it is text.
  std::string_view content_type;
  /// Strong (RFC 9110 section 8.8.3), in its quotes, of the identity bytes; a compressed answer needs one of its own.
  std::string_view etag;
  /// Its name has its hash, so it may be kept for ever.
  bool immutable;
  std::string_view identity;
  /// The same bytes, compressed (RFC 1952); empty where that would not be smaller.
  std::string_view gzip;
};

/// The page first; empty in a build without the dashboard (-DP2P_DASHBOARD=OFF).
std::span<const EmbeddedFile> embedded_files() noexcept;

}  // namespace p2p::node
