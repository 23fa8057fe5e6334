// Makes full TLS 1.3 handshakes one after the other, for http_bench.sh: the client of a browser or curl, without
// resumption, which closes as soon as the server has finished.
// usage: handshake_client HOST:PORT COUNT
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  for (long left = std::strtol(argv[2], nullptr, 10); left > 0; --left) {
    BIO* connection = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(connection, argv[1]);
    BIO_set_conn_mode(connection, BIO_SOCK_NODELAY);
    // A byte of an answer shows that the server's side is finished too.
    char byte = 0;
    const char request[] = "GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    if (BIO_do_handshake(connection) != 1 || BIO_write(connection, request, sizeof request - 1) <= 0 ||
        BIO_read(connection, &byte, 1) != 1) {
      ERR_print_errors_fp(stderr);
      return 1;
    }
    BIO_free_all(connection);
  }
  SSL_CTX_free(context);
  return 0;
}
