// OpenSSL's way to a Stream's socket: sends with MSG_NOSIGNAL and reads what Asio has received.
#pragma once

#include <openssl/bio.h>

#include "net/stream.hpp"

namespace p2p::net {

struct StreamBio {
  /// Gives the stream's SSL a BIO on the stream, which must not move.
  static void attach(Stream& stream);

 private:
  static BIO_METHOD* make_method();
  static int read(BIO* bio, char* into, int size);
  static int write(BIO* bio, const char* bytes, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
};

}  // namespace p2p::net
