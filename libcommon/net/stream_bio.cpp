#include "net/stream_bio.hpp"

#include <openssl/ssl.h>

#include <cerrno>
#include <new>

namespace p2p::net {

int StreamBio::read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  auto& stream = *static_cast<Stream*>(BIO_get_data(bio));
  const ssize_t count = stream.receive(into, static_cast<std::size_t>(size));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

int StreamBio::write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  auto& stream = *static_cast<Stream*>(BIO_get_data(bio));
  const ssize_t count = stream.transmit(bytes, static_cast<std::size_t>(size));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long StreamBio::control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<Stream*>(BIO_get_data(bio))->peer_ended_ ? 1 : 0;
  return 0;
}

BIO_METHOD* StreamBio::make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "p2p stream");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(method, &StreamBio::read);
  BIO_meth_set_write(method, &StreamBio::write);
  BIO_meth_set_ctrl(method, &StreamBio::control);
  return method;
}

void StreamBio::attach(Stream& stream) {
  static BIO_METHOD* const method = make_method();  // lives as long as the process
  BIO* bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(stream.ssl(), bio, bio);
}

}  // namespace p2p::net
