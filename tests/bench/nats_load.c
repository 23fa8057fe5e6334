// Request-reply over NATS with its own C client, for nats_bench.sh: a responder on one connection, and callers that each
// have a connection of their own and one request under way.
// usage: nats_load URL CA_FILE SECONDS CALLERS      (the responder is a second process: nats_load URL CA_FILE serve)
// Prints answers a second, how many there were, and the median time of one in microseconds.
#include <nats/nats.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kMaxCallers = 256 };

struct Caller {
  pthread_t thread;
  natsConnection* connection;
  float* times;
  size_t count, room;
};

static double end_time;

static void check(natsStatus status, const char* what) {
  if (status == NATS_OK) return;
  fprintf(stderr, "nats_load: error: %s: %s\n", what, natsStatus_GetText(status));
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static natsConnection* dial(const char* url, const char* ca) {
  natsOptions* options = NULL;
  natsConnection* out = NULL;
  check(natsOptions_Create(&options), "options");
  check(natsOptions_SetURL(options, url), url);
  check(natsOptions_SetSecure(options, true), "TLS");
  check(natsOptions_LoadCATrustedCertificates(options, ca), ca);
  check(natsOptions_UseOldRequestStyle(options, false), "request style");
  check(natsOptions_SetSendAsap(options, true), "no buffering");
  check(natsConnection_Connect(&out, options), "connect");
  natsOptions_Destroy(options);
  return out;
}

static void answer(natsConnection* connection, natsSubscription* subscription, natsMsg* message, void* unused) {
  (void)subscription, (void)unused;
  check(natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message), natsMsg_GetDataLength(message)),
        "answer");
  natsMsg_Destroy(message);
}

static void* call(void* argument) {
  struct Caller* caller = argument;
  static const char kText[] = "{\"text\":\"hello\"}";
  while (now() < end_time) {
    natsMsg* reply = NULL;
    const double begin = now();
    check(natsConnection_RequestString(&reply, caller->connection, "echo", kText, 5000), "request");
    if (caller->count == caller->room) {
      caller->room = caller->room ? 2 * caller->room : 1024;
      caller->times = realloc(caller->times, caller->room * sizeof *caller->times);
      if (caller->times == NULL) abort();
    }
    caller->times[caller->count++] = (float)((now() - begin) * 1e6);
    natsMsg_Destroy(reply);
  }
  return NULL;
}

static int compare(const void* a, const void* b) {
  const float x = *(const float*)a, y = *(const float*)b;
  return (x > y) - (x < y);
}

static void serve(natsConnection* connection) {
  natsSubscription* subscription = NULL;
  check(natsConnection_Subscribe(&subscription, connection, "echo", answer, NULL), "subscribe");
  check(natsConnection_Flush(connection), "flush");
  puts("serving");
  fflush(stdout);
  for (;;) pause();
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) return 2;
  if (strcmp(argv[3], "serve") == 0) serve(dial(argv[1], argv[2]));
  const int count = argc == 5 ? atoi(argv[4]) : 0;
  if (count < 1 || count > kMaxCallers) return 2;
  static struct Caller callers[kMaxCallers];
  for (int i = 0; i < count; ++i) callers[i].connection = dial(argv[1], argv[2]);
  const double begin = now();
  end_time = begin + atof(argv[3]);
  for (int i = 0; i < count; ++i) pthread_create(&callers[i].thread, NULL, call, &callers[i]);
  size_t total = 0;
  for (int i = 0; i < count; ++i) {
    pthread_join(callers[i].thread, NULL);
    total += callers[i].count;
  }
  const double took = now() - begin;
  float* all = malloc(total * sizeof *all);
  if (all == NULL || total == 0) return 1;
  size_t at = 0;
  for (int i = 0; i < count; ++i) {
    memcpy(all + at, callers[i].times, callers[i].count * sizeof *all);
    at += callers[i].count;
  }
  qsort(all, total, sizeof *all, compare);
  printf("%.1f %zu %.1f\n", (double)total / took, total, (double)all[total / 2]);
  return 0;
}
