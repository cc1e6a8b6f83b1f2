// Follows a topic on many streams and checks that every one of them is told everything, once and in
// order. Speaks just enough HTTP/2 for that, so that the load costs less than the server: header
// blocks it sends are literals, those it receives are not read.
//
// fan_load PORT CONNECTIONS STREAMS [tls [SHOW]]
//
// Says `ready connected`, opens the streams when told `join`, says `joined` when each has had its
// first message; `load ROUNDS BURST` has BURST messages published by one call, waits until all
// streams have them, and so on, and says `done DELIVERIES SECONDS`. Anything unexpected ends it with
// a message and status 1.
//
// With a SHOW the streams are usher.v1.SeatMapService/WatchSeatMap and nothing is published here.
// `expect VERSION FILE` waits until every stream has reached the version, writes when which of them
// had which version, and says `complete CHANGES MERGED`. A gap in the versions, or a second snapshot,
// is a failure.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kFrameHeader = 9, kPrefix = 5, kTag = 2, kBuffer = 1 << 17, kEvents = 64 };
// What followers are told: a BytesValue of 57 bytes, of which four are a number.
enum { kValue = 57, kMessage = kTag + kValue, kEnvelope = kPrefix + kMessage, kBurst = 200 };
// Arrivals of a version are counted by their distance from the first, in steps of 0.1 ms; whatever
// comes later than 1.6 s counts as that late.
enum { kVersions = 1 << 14, kSteps = 1 << 14, kStepNanoseconds = 100000 };
enum { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoAway, kWindow };

// One followed call: the number it must be told next, and a message that has come in part, of which
// only the beginning is kept.
typedef struct {
  uint32_t next;
  uint32_t have, length;
  uint8_t part[kEnvelope];
} Stream;

// When the streams had a version.
typedef struct {
  uint64_t first;
  uint32_t count;
  uint32_t* steps;
} Arrivals;

typedef struct {
  int fd;
  SSL* ssl;
  Stream* streams;
  uint32_t next_stream_id;
  int has_settings;
  size_t in_count, out_count, out_sent, out_room;
  uint8_t* out;
  uint8_t in[kBuffer];
} Connection;

static Connection* connections;  // The last one publishes.
static int connection_count, stream_count, epoll_fd;
static int ready_count;
static uint64_t delivered, published, answered;
static uint32_t numbers;
static uint64_t show_id;  // 0: the benchmark's own topic.
static uint64_t received_at, merged;
static uint32_t first_version;
static Arrivals* arrivals;

static void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static uint64_t nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static double now(void) { return nanoseconds() / 1e9; }

static void put(Connection* c, const void* bytes, size_t count) {
  if (c->out_count + count > c->out_room) {
    c->out_room = (c->out_count + count) * 2;
    c->out = realloc(c->out, c->out_room);
    if (!c->out) fail("no memory");
  }
  memcpy(c->out + c->out_count, bytes, count);
  c->out_count += count;
}

static void put_frame(Connection* c, int type, int flags, uint32_t stream, const void* payload,
                      size_t count) {
  uint8_t header[kFrameHeader] = {count >> 16, count >> 8, count, type, flags,
                                  stream >> 24, stream >> 16, stream >> 8, stream};
  put(c, header, sizeof header);
  put(c, payload, count);
}

static void flush(Connection* c) {
  while (c->out_sent < c->out_count) {
    size_t count = c->out_count - c->out_sent;
    ssize_t sent;
    if (c->ssl) {
      ERR_clear_error();
      sent = SSL_write(c->ssl, c->out + c->out_sent, (int)count);
      if (sent <= 0 && SSL_get_error(c->ssl, (int)sent) == SSL_ERROR_WANT_WRITE) break;
    } else {
      sent = send(c->fd, c->out + c->out_sent, count, MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) break;
    }
    if (sent <= 0) fail("the server takes no more");
    c->out_sent += sent;
  }
  if (c->out_sent == c->out_count) c->out_sent = c->out_count = 0;
  struct epoll_event event = {EPOLLIN | (c->out_count ? EPOLLOUT : 0), {.ptr = c}};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void put_call(Connection* c, const char* path, const uint8_t* message, size_t count) {
  const char* pairs[][2] = {{":method", "POST"}, {":scheme", "http"}, {":path", path},
                            {":authority", "x"}, {"te", "trailers"},
                            {"content-type", "application/grpc"}};
  uint8_t block[512];
  size_t length = 0;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
    block[length++] = 0;
    for (int part = 0; part < 2; ++part) {
      size_t size = strlen(pairs[i][part]);
      block[length++] = size;
      memcpy(block + length, pairs[i][part], size);
      length += size;
    }
  }
  uint8_t prefix[kPrefix] = {0, 0, 0, count >> 8, count};
  uint32_t id = c->next_stream_id;
  c->next_stream_id += 2;
  put_frame(c, kHeaders, 4, id, block, length);
  put_frame(c, kData, 0, id, prefix, kPrefix);
  put_frame(c, kData, 1, id, message, count);
}

// A google.protobuf.BytesValue of `count` values, each of which begins with the next number.
static void publish(int count) {
  static uint8_t message[kTag + 1 + kBurst * kValue];
  size_t length = 0, size = count * kValue;
  message[length++] = 0x0a;
  if (size >= 128) message[length++] = 128 | (size & 127);
  message[length++] = size >= 128 ? size >> 7 : size;
  for (int value = 0; value < count; ++value, length += kValue, ++numbers)
    for (int i = 0; i < 4; ++i) message[length + i] = numbers >> (24 - 8 * i);
  put_call(&connections[connection_count], "/bench.Echo/Publish", message, length);
  ++published;
}

static uint64_t varint(const uint8_t** at) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value;
  }
  fail("a number without end");
  return 0;
}

// The number in a field that must be there.
static uint64_t field(const uint8_t** at, int number) {
  if (*(*at)++ != number << 3) fail("field %d is missing", number);
  return varint(at);
}

static void note_arrival(uint32_t version) {
  uint32_t index = version - first_version;
  if (index >= kVersions) fail("more than %d versions", kVersions);
  Arrivals* a = &arrivals[index];
  if (!a->steps) {
    a->first = received_at;
    a->steps = calloc(kSteps, sizeof *a->steps);
    if (!a->steps) fail("no memory");
  }
  uint64_t step = (received_at - a->first) / kStepNanoseconds;
  ++a->steps[step < kSteps ? step : kSteps - 1];
  ++a->count;
}

// An event of a watched show: WatchSeatMapResponse, of which versions are read.
static void take_event(Stream* stream, const uint8_t* message) {
  const uint8_t* at = message + 1;
  varint(&at);
  if (message[0] == 0x0a) {
    field(&at, 1);
    uint32_t version = field(&at, 2);
    if (stream->next != 0) fail("the map came again at version %u", version);
    if (!first_version) first_version = version;
    stream->next = version + 1;
    ++delivered;
  } else if (message[0] == 0x12) {
    uint32_t version = field(&at, 1), previous = field(&at, 2);
    if (previous + 1 != stream->next) fail("from %u came where %u was due", previous, stream->next);
    if (version > stream->next) ++merged;
    // What was merged into this event arrived with it.
    for (uint32_t told = stream->next; told <= version; ++told) note_arrival(told);
    stream->next = version + 1;
    ++delivered;
  } else if (message[0] != 0x1a || field(&at, 1) + 1 != stream->next) {
    fail("a bookmark of another version");
  }
}

static void take_message(Stream* stream, const uint8_t* envelope) {
  if (show_id) {
    take_event(stream, envelope + kPrefix);
    return;
  }
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | envelope[kPrefix + kTag + i];
  if (envelope[0] != 0 || envelope[4] != kMessage || number != stream->next)
    fail("message %u came where %u was due", number, stream->next);
  ++stream->next;
  ++delivered;
}

static void take_data(Connection* c, uint32_t id, const uint8_t* bytes, size_t count) {
  if (c == &connections[connection_count]) return;
  if (id / 2 >= (uint32_t)stream_count) fail("DATA on stream %u", id);
  Stream* stream = &c->streams[id / 2];
  while (count > 0) {
    if (stream->have == 0) stream->length = kPrefix;
    size_t taken = stream->length - stream->have < count ? stream->length - stream->have : count;
    if (stream->have < kEnvelope) {
      size_t room = kEnvelope - stream->have;
      memcpy(stream->part + stream->have, bytes, taken < room ? taken : room);
    }
    stream->have += taken;
    bytes += taken;
    count -= taken;
    if (stream->have == kPrefix && stream->length == kPrefix) {
      const uint8_t* p = stream->part;
      stream->length += (uint32_t)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
    }
    if (stream->have == stream->length) {
      take_message(stream, stream->part);
      stream->have = 0;
    }
  }
}

static void take_frame(Connection* c, const uint8_t* frame, size_t length) {
  int type = frame[3], flags = frame[4];
  uint32_t id = (frame[5] & 127u) << 24 | frame[6] << 16 | frame[7] << 8 | frame[8];
  const uint8_t* payload = frame + kFrameHeader;
  switch (type) {
    case kData:
      take_data(c, id, payload, length);
      break;
    case kHeaders:
      if (!(flags & 1)) break;
      if (c != &connections[connection_count]) fail("a followed call has ended");
      ++answered;
      break;
    case kSettings:
      if (flags & 1) break;
      put_frame(c, kSettings, 1, 0, NULL, 0);
      if (!c->has_settings) ++ready_count;
      c->has_settings = 1;
      break;
    case kPing:
      if (!(flags & 1)) put_frame(c, kPing, 1, 0, payload, length);
      break;
    case kReset:
      // After a Publish: its answer was complete before its request.
      if (c != &connections[connection_count]) fail("stream %u was reset", id);
      break;
    case kGoAway:
      fail("the server goes away");
      break;
    default:
      break;
  }
}

static void take_frames(Connection* c) {
  size_t used = 0;
  while (c->in_count - used >= kFrameHeader) {
    const uint8_t* frame = c->in + used;
    size_t length = frame[0] << 16 | frame[1] << 8 | frame[2];
    if (length > 16384) fail("a frame of %zu bytes", length);
    if (c->in_count - used < kFrameHeader + length) break;
    take_frame(c, frame, length);
    used += kFrameHeader + length;
  }
  memmove(c->in, c->in + used, c->in_count - used);
  c->in_count -= used;
}

static void receive(Connection* c) {
  for (;;) {
    size_t room = kBuffer - c->in_count;
    ssize_t count;
    if (c->ssl) {
      ERR_clear_error();
      count = SSL_read(c->ssl, c->in + c->in_count, (int)room);
      if (count <= 0 && SSL_get_error(c->ssl, (int)count) == SSL_ERROR_WANT_READ) break;
    } else {
      count = recv(c->fd, c->in + c->in_count, room, 0);
      if (count < 0 && errno == EAGAIN) break;
    }
    if (count <= 0) fail("the server has closed a connection");
    c->in_count += count;
    received_at = nanoseconds();
    take_frames(c);
    if (!c->ssl && (size_t)count < room) break;
  }
  if (c->out_count) flush(c);
}

// Handles what comes for up to a second.
static void turn(void) {
  struct epoll_event events[kEvents];
  int count = epoll_wait(epoll_fd, events, kEvents, 1000);
  for (int i = 0; i < count; ++i) {
    Connection* c = events[i].data.ptr;
    if (!c) continue;
    if (events[i].events & EPOLLOUT) flush(c);
    receive(c);
  }
}

// The next line of standard input; what the server sends meanwhile is taken.
static char* order(void) {
  static char line[512];
  struct epoll_event event = {EPOLLIN, {.ptr = NULL}};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event);
  for (;;) {
    struct epoll_event events[kEvents];
    int count = epoll_wait(epoll_fd, events, kEvents, -1);
    int is_told = 0;
    for (int i = 0; i < count; ++i) {
      Connection* c = events[i].data.ptr;
      if (c) receive(c);
      else is_told = 1;
    }
    if (is_told) break;
  }
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, 0, NULL);
  return fgets(line, sizeof line, stdin);
}

static void open_connection(Connection* c, int port, SSL_CTX* tls) {
  struct sockaddr_in address = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(c->fd, (struct sockaddr*)&address, sizeof address) < 0) fail("cannot connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (tls) {
    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_connect(c->ssl) != 1) fail("no TLS session");
    SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  c->next_stream_id = 1;
  struct epoll_event event = {EPOLLIN, {.ptr = c}};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
  // Windows that a run cannot exhaust: what is measured is the server, not window updates.
  static const uint8_t settings[] = {0, 1, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff};
  static const uint8_t window[] = {0x7f, 0xff, 0, 0};
  put(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  put_frame(c, kSettings, 0, 0, settings, sizeof settings);
  put_frame(c, kWindow, 0, 0, window, sizeof window);
  flush(c);
}

static SSL_CTX* client_context(void) {
  SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_alpn_protos(tls, (const uint8_t*)"\x02h2", 3);
  return tls;
}

static void join(void) {
  uint8_t request[1 + 10] = {0x08};
  size_t length = 1;
  for (uint64_t rest = show_id; length == 1 || rest; rest >>= 7)
    request[length++] = (rest & 127) | (rest > 127 ? 128 : 0);
  const char* path = show_id ? "/usher.v1.SeatMapService/WatchSeatMap" : "/bench.Echo/Follow";
  for (int i = 0; i < connection_count; ++i) {
    Connection* c = &connections[i];
    c->streams = calloc(stream_count, sizeof(Stream));
    for (int s = 0; s < stream_count; ++s) put_call(c, path, request, show_id ? length : 0);
    flush(c);
    // One connection after the other: a server's accept order is not what is measured.
    uint64_t goal = (uint64_t)(i + 1) * stream_count;
    double deadline = now() + 30;
    while (delivered < goal) {
      if (now() > deadline) fail("%lu of %lu streams have joined", delivered, goal);
      turn();
    }
  }
  numbers = 1;
}

static void load(int rounds, int burst) {
  uint64_t all = (uint64_t)connection_count * stream_count, before = delivered;
  Connection* publisher = &connections[connection_count];
  double began = now();
  for (int round = 0; round < rounds; ++round) {
    publish(burst);
    flush(publisher);
    double deadline = now() + 60;
    while (delivered < all * numbers || answered < published) {
      turn();
      if (now() > deadline) fail("only %lu of %lu messages came", delivered, all * numbers);
    }
  }
  say("done %lu %.6f", delivered - before, now() - began);
}

static int behind(uint32_t version) {
  for (int i = 0; i < connection_count; ++i)
    for (int s = 0; s < stream_count; ++s)
      if (connections[i].streams[s].next != version + 1) return 1;
  return 0;
}

// One line per version: when the first stream had it, how many streams had it, and how many after how
// many steps.
static void write_arrivals(const char* path) {
  FILE* file = fopen(path, "w");
  if (!file) fail("cannot write %s", path);
  for (uint32_t i = 0; i < kVersions; ++i) {
    if (!arrivals[i].steps) continue;
    fprintf(file, "%u %lu %u", first_version + i, arrivals[i].first, arrivals[i].count);
    for (uint32_t step = 0; step < kSteps; ++step)
      if (arrivals[i].steps[step]) fprintf(file, " %u:%u", step, arrivals[i].steps[step]);
    fputc('\n', file);
  }
  if (fclose(file) != 0) fail("cannot write %s", path);
}

static void expect(uint32_t version, const char* path) {
  double deadline = now() + 60;
  while (behind(version)) {
    turn();
    if (now() > deadline) fail("version %u did not reach every stream", version);
  }
  write_arrivals(path);
  say("complete %lu %lu", delivered - (uint64_t)connection_count * stream_count, merged);
}

int main(int count, char** arguments) {
  if (count < 4) fail("PORT CONNECTIONS STREAMS [tls [SHOW]]");
  show_id = count > 5 ? strtoull(arguments[5], NULL, 10) : 0;
  arrivals = calloc(kVersions, sizeof *arrivals);
  connection_count = atoi(arguments[2]);
  stream_count = atoi(arguments[3]);
  SSL_CTX* tls = count > 4 ? client_context() : NULL;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  connections = calloc(connection_count + 1, sizeof(Connection));
  for (int i = 0; i <= connection_count; ++i) {
    open_connection(&connections[i], atoi(arguments[1]), tls);
    while (ready_count <= i) turn();
  }
  say("ready connected");
  for (char* line = order(); line; line = order()) {
    int rounds, burst;
    unsigned version;
    char path[400];
    if (strncmp(line, "join", 4) == 0) {
      join();
      say("joined");
    } else if (sscanf(line, "load %d %d", &rounds, &burst) == 2 && burst <= kBurst) {
      load(rounds, burst);
    } else if (show_id && sscanf(line, "expect %u %399s", &version, path) == 2) {
      expect(version, path);
    } else {
      fail("what is %s", line);
    }
  }
  return 0;
}
