// Makes unary calls over TLS, as many at a time or as often as it is told, and checks every answer.
// Knows nothing of what is called: requests and the answers they must get come from a file.
//
// call_load PORT CONNECTIONS FILE TOKEN PATH…
//
// FILE holds calls one after the other: five numbers (32 bits, little-endian), which are the PATH,
// where in the request a UUID stands (-1: nowhere), the status that must come, the bytes of the
// request and the bytes of what is expected; then the request and what is expected. Each time a call
// is made its UUID is another. With status 0 the last number says how long the answer must be (0:
// anything but empty) and nothing follows; with another status the text of
// `grpc-status-details-bin` must be as expected.
//
// Says `ready connected`. Told `run FIRST COUNT MOST AT_A_TIME SECONDS RATE CHAIN` it makes MOST calls, or
// as many as it can begin within SECONDS, round the COUNT calls from number FIRST on: AT_A_TIME at a
// time, or, when RATE is not 0, RATE a second at random moments (exponential distances), however
// long answers take. With a CHAIN above 1 what is begun is not one call but so many calls of the file in
// turn, each when the one before is answered; it counts as one, from the first sending to the last
// answer. Then it says, as JSON, how many were answered, how many of them otherwise than
// expected and what was wrong with the first, in what time, with how much CPU of its own, how many are
// left of MOST, and what the latencies were. A call or a connection that is cut ends it with a message
// and status 1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kPrefix = 5, kRequest = 512, kUUID = 36, kEvents = 64, kBuffer = 1 << 16 };
// What servers allow on a connection; more calls at a time need more connections.
enum { kStreams = 100, kPaths = 8 };
enum { kHead = 5 };

// A call of the file.
typedef struct {
  uint32_t path, uuid, status, request_bytes, expected_bytes;
  const uint8_t* request;
  const char* expected;
} Call;

// A call that is under way.
typedef struct Flight {
  struct Flight* next_free;
  const Call* call;
  uint64_t sent_at;
  size_t count, taken;
  uint64_t answer_bytes;
  int status, is_as_expected, left;
  uint8_t request[kPrefix + kRequest];
} Flight;

typedef struct {
  int fd, is_stuck;
  SSL* ssl;
  nghttp2_session* session;
  Flight flights[kStreams];
  Flight* free;
  int in_flight;
  size_t out_count, out_sent;
  uint8_t out[kBuffer];
} Connection;

static Connection* connections;
static int connection_count, epoll_fd, path_count;
static const char **paths, *token;
static Call* calls;
static size_t call_count;
static uint64_t random_state[2];

// The run under way.
static struct {
  size_t first, count, most, begun, answered, failed;
  char first_failure[120];
  int share, is_starved, chain;
  uint64_t began, until, last_answer;
  double rate, next_arrival;
  uint32_t *latencies, *lags;
} run;

static void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static uint64_t nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// xorshift128+: ids that differ and arrivals that look random need no more.
static uint64_t random_bits(void) {
  uint64_t a = random_state[0], b = random_state[1];
  random_state[0] = b;
  a ^= a << 23;
  random_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return random_state[1] + b;
}

static void seed(void) {
  FILE* file = fopen("/dev/urandom", "r");
  if (!file || fread(random_state, sizeof random_state, 1, file) != 1) fail("no randomness");
  fclose(file);
  random_state[0] |= 1;
}

// Writes a UUID of version 4 in its textual form.
static void put_uuid(uint8_t* at) {
  static const char digits[] = "0123456789abcdef";
  uint64_t words[2] = {(random_bits() & ~0xf000ull) | 0x4000,
                       (random_bits() & ~0ull >> 2) | 1ull << 63};
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) *at++ = '-';
    *at++ = digits[words[i / 16] >> (60 - 4 * (i % 16)) & 15];
  }
}

// The file, read as a whole and kept.
static void read_calls(const char* path) {
  FILE* file = fopen(path, "r");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail("cannot read %s", path);
  long size = ftell(file);
  rewind(file);
  uint8_t* bytes = malloc(size + 1);
  if (!bytes || fread(bytes, 1, size, file) != (size_t)size) fail("cannot read %s", path);
  fclose(file);
  size_t room = 0;
  for (long at = 0; at < size; ++call_count) {
    if (call_count == room) {
      room = room ? room * 2 : 1024;
      calls = realloc(calls, room * sizeof *calls);
      if (!calls) fail("no memory");
    }
    uint32_t head[kHead];
    if (size - at < (long)sizeof head) fail("%s ends early", path);
    memcpy(head, bytes + at, sizeof head);
    at += sizeof head;
    Call call = {head[0], head[1], head[2], head[3], head[4], bytes + at, NULL};
    long rest = (long)call.request_bytes + (call.status ? call.expected_bytes : 0);
    if (size - at < rest || call.request_bytes > kRequest || call.path >= (uint32_t)path_count ||
        (call.uuid != UINT32_MAX && call.uuid + kUUID > call.request_bytes))
      fail("call %zu is malformed", call_count);
    call.expected = (const char*)call.request + call.request_bytes;
    at += rest;
    calls[call_count] = call;
  }
}

static void set_stuck(Connection* c, int is_stuck) {
  c->is_stuck = is_stuck;
  struct epoll_event event = {EPOLLIN | (is_stuck ? EPOLLOUT : 0), {.ptr = c}};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void flush(Connection* c) {
  while (!c->is_stuck) {
    while (c->out_count < kBuffer / 2) {
      const uint8_t* bytes;
      ssize_t count = nghttp2_session_mem_send(c->session, &bytes);
      if (count < 0) fail("cannot send: %s", nghttp2_strerror((int)count));
      if (count == 0) break;
      if (c->out_count + count > kBuffer) fail("a frame of %zd bytes", count);
      memcpy(c->out + c->out_count, bytes, count);
      c->out_count += count;
    }
    if (c->out_count == 0) break;
    ERR_clear_error();
    int sent = SSL_write(c->ssl, c->out + c->out_sent, (int)(c->out_count - c->out_sent));
    if (sent <= 0 && SSL_get_error(c->ssl, sent) != SSL_ERROR_WANT_WRITE)
      fail("the server takes no more");
    if (sent <= 0) set_stuck(c, 1);
    c->out_sent += sent > 0 ? sent : 0;
    if (c->out_sent == c->out_count) c->out_sent = c->out_count = 0;
  }
}

// Copies a request into a DATA frame.
static ssize_t read_request(nghttp2_session* session, int32_t stream, uint8_t* out, size_t room,
                            uint32_t* flags, nghttp2_data_source* source, void* connection) {
  (void)session, (void)stream, (void)connection;
  Flight* flight = source->ptr;
  size_t rest = flight->count - flight->taken, count = rest < room ? rest : room;
  memcpy(out, flight->request + flight->taken, count);
  flight->taken += count;
  if (count == rest) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return count;
}

static nghttp2_nv header(const char* name, const char* value) {
  return (nghttp2_nv){(uint8_t*)name, (uint8_t*)value, strlen(name), strlen(value),
                      NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static void send_call(Connection* c, Flight* flight, const Call* call, uint64_t sent_at, int left) {
  *flight = (Flight){.call = call, .sent_at = sent_at, .count = kPrefix + call->request_bytes,
                     .status = -1, .left = left};
  flight->request[3] = call->request_bytes >> 8;
  flight->request[4] = call->request_bytes;
  memcpy(flight->request + kPrefix, call->request, call->request_bytes);
  if (call->uuid != UINT32_MAX) put_uuid(flight->request + kPrefix + call->uuid);
  nghttp2_nv headers[] = {
      header(":method", "POST"), header(":scheme", "https"), header(":path", paths[call->path]),
      header(":authority", "127.0.0.1"), header("te", "trailers"),
      header("content-type", "application/grpc"), header("authorization", token)};
  nghttp2_data_provider provider = {.source = {.ptr = flight}, .read_callback = read_request};
  int32_t stream = nghttp2_submit_request(c->session, NULL, headers,
                                          sizeof headers / sizeof *headers, &provider, flight);
  if (stream < 0) fail("cannot call: %s", nghttp2_strerror(stream));
}

// Begins the next call of the run, or chain of calls, on a connection that has room.
static void begin_call(Connection* c, uint64_t now) {
  Flight* flight = c->free;
  c->free = flight->next_free;
  size_t place = run.begun++ * run.chain % run.count;
  send_call(c, flight, &calls[run.first + place], now, run.chain - 1);
  ++c->in_flight;
}

static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                     size_t name_bytes, const uint8_t* value, size_t value_bytes, uint8_t flags,
                     void* connection) {
  (void)flags, (void)connection;
  Flight* flight = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (!flight) return 0;
  if (name_bytes == 11 && memcmp(name, "grpc-status", 11) == 0)
    flight->status = atoi((const char*)value);
  if (name_bytes == 23 && memcmp(name, "grpc-status-details-bin", 23) == 0)
    flight->is_as_expected = value_bytes == flight->call->expected_bytes &&
                             memcmp(value, flight->call->expected, value_bytes) == 0;
  return 0;
}

static int on_data(nghttp2_session* session, uint8_t flags, int32_t stream, const uint8_t* bytes,
                   size_t count, void* connection) {
  (void)flags, (void)bytes, (void)connection;
  Flight* flight = nghttp2_session_get_stream_user_data(session, stream);
  if (flight) flight->answer_bytes += count;
  return 0;
}

static int is_as_due(const Flight* flight) {
  const Call* call = flight->call;
  if (flight->status != (int)call->status) return 0;
  if (call->status) return flight->is_as_expected;
  uint64_t due = call->expected_bytes ? kPrefix + call->expected_bytes : flight->answer_bytes;
  return flight->answer_bytes > kPrefix && flight->answer_bytes == due;
}

static void check(const Flight* flight) {
  if (is_as_due(flight) || run.failed++ > 0) return;
  snprintf(run.first_failure, sizeof run.first_failure,
           "call %td: status %d instead of %u, %lu bytes, details %s", flight->call - calls,
           flight->status, flight->call->status, flight->answer_bytes,
           flight->is_as_expected ? "as expected" : "missing or other than expected");
}

static int on_close(nghttp2_session* session, int32_t stream, uint32_t error, void* connection) {
  Connection* c = connection;
  Flight* flight = nghttp2_session_get_stream_user_data(session, stream);
  if (!flight) return 0;
  // NO_ERROR also where an answer came before its request was read.
  if (error) fail("call %td was reset: %u", flight->call - calls, error);
  check(flight);
  if (flight->left > 0) {
    send_call(c, flight, flight->call + 1, flight->sent_at, flight->left - 1);
    return 0;
  }
  run.latencies[run.answered++] = (uint32_t)((run.last_answer - flight->sent_at) / 1000);
  flight->next_free = c->free;
  c->free = flight;
  --c->in_flight;
  return 0;
}

static void receive(Connection* c) {
  static uint8_t bytes[kBuffer];
  for (;;) {
    ERR_clear_error();
    int count = SSL_read(c->ssl, bytes, sizeof bytes);
    if (count <= 0 && SSL_get_error(c->ssl, count) == SSL_ERROR_WANT_READ) break;
    if (count <= 0) fail("the server has closed a connection");
    run.last_answer = nanoseconds();
    ssize_t taken = nghttp2_session_mem_recv(c->session, bytes, count);
    if (taken != count) fail("not HTTP/2: %s", nghttp2_strerror((int)taken));
  }
}

static int has_more(uint64_t now) { return run.begun < run.most && now < run.until; }

// Closed loop: what was answered makes room for what is next.
static void fill(Connection* c) {
  uint64_t now = nanoseconds();
  while (run.rate == 0 && c->in_flight < run.share && has_more(now)) begin_call(c, now);
  flush(c);
}

// Open loop: begins what is due, on one connection after the other. Latencies count from the sending,
// but those of calls that had to wait for a free stream from when they were due.
static void begin_due(void) {
  static int turn;
  uint64_t now = nanoseconds();
  while (run.next_arrival <= now && has_more(now)) {
    int tries = 0;
    while (connections[turn].in_flight >= kStreams && ++tries <= connection_count)
      turn = (turn + 1) % connection_count;
    if (tries > connection_count) {
      run.is_starved = 1;
      return;
    }
    uint64_t due = run.next_arrival;
    run.lags[run.begun] = (uint32_t)((now - due) / 1000);
    begin_call(&connections[turn], run.is_starved ? due : now);
    flush(&connections[turn]);
    turn = (turn + 1) % connection_count;
    double uniform = ((random_bits() >> 11) + 1) / 9007199254740993.0;
    run.next_arrival += -log(uniform) / run.rate * 1e9;
  }
  run.is_starved = 0;
}

// Waits for what comes, at most until the next call is due.
static void turn(void) {
  struct epoll_event events[kEvents];
  struct timespec wait = {1, 0};
  if (run.rate > 0 && run.begun < run.most && !run.is_starved) {
    double due = run.next_arrival - nanoseconds();
    if (due < 1e9) wait = (struct timespec){0, due > 0 ? (long)due : 0};
  }
  int count = epoll_pwait2(epoll_fd, events, kEvents, &wait, NULL);
  for (int i = 0; i < count; ++i) {
    Connection* c = events[i].data.ptr;
    if (events[i].events & EPOLLOUT) set_stuck(c, 0);
    receive(c);
    fill(c);
  }
}

static int is_busy(void) {
  for (int i = 0; i < connection_count; ++i)
    if (connections[i].in_flight > 0) return 1;
  return 0;
}

static int by_size(const void* a, const void* b) {
  uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return x < y ? -1 : x > y;
}

static double percentile_ms(const uint32_t* sorted, size_t count, double share) {
  if (count == 0) return 0;
  size_t index = (size_t)(count * share);
  return sorted[index < count ? index : count - 1] / 1e3;
}

static void report(double cpu) {
  qsort(run.latencies, run.answered, sizeof *run.latencies, by_size);
  if (run.rate > 0) qsort(run.lags, run.begun, sizeof *run.lags, by_size);
  printf("{\"answered\": %zu, \"failed\": %zu, \"first_failure\": \"%s\", \"left\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, "
         "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"worst_ms\": %.3f, \"lag_p99_ms\": %.3f}\n",
         run.answered, run.failed, run.first_failure, run.most - run.begun, (run.last_answer - run.began) / 1e9,
         cpu_seconds() - cpu, percentile_ms(run.latencies, run.answered, 0.5),
         percentile_ms(run.latencies, run.answered, 0.99),
         percentile_ms(run.latencies, run.answered, 1),
         run.rate > 0 ? percentile_ms(run.lags, run.begun, 0.99) : 0);
  fflush(stdout);
}

static void perform(size_t first, size_t count, size_t most, int at_a_time, double seconds,
                    double rate, int chain) {
  if (count == 0 || first + count > call_count) fail("there are %zu calls", call_count);
  if (chain < 1 || count % chain != 0) fail("%zu calls are not chains of %d", count, chain);
  run.chain = chain;
  run.first = first, run.count = count, run.most = most, run.begun = run.answered = run.failed = 0;
  run.first_failure[0] = 0;
  run.share = (at_a_time + connection_count - 1) / connection_count;
  if (run.share < 1 || run.share > kStreams) fail("%d streams on a connection", run.share);
  run.rate = rate;
  run.latencies = realloc(run.latencies, most * sizeof *run.latencies);
  run.lags = realloc(run.lags, most * sizeof *run.lags);
  if (!run.latencies || !run.lags) fail("no memory");
  double cpu = cpu_seconds();
  run.began = run.last_answer = nanoseconds();
  run.until = run.began + (uint64_t)(seconds * 1e9);
  run.next_arrival = run.began;
  for (int i = 0; rate == 0 && i < connection_count; ++i) fill(&connections[i]);
  while (has_more(nanoseconds()) || is_busy()) {
    if (rate > 0) begin_due();
    turn();
    if (nanoseconds() > run.until + 60000000000ull) fail("answers are missing");
  }
  report(cpu);
}

static nghttp2_session* new_session(Connection* c) {
  nghttp2_session_callbacks* callbacks;
  nghttp2_session* session;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  if (nghttp2_session_client_new(&session, callbacks, c) != 0) fail("no session");
  nghttp2_session_callbacks_del(callbacks);
  // A window that answers do not exhaust: few updates.
  nghttp2_settings_entry entries[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries, 2);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 1 << 30);
  return session;
}

static void open_connection(Connection* c, int port, SSL_CTX* tls) {
  struct sockaddr_in address = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(c->fd, (struct sockaddr*)&address, sizeof address) < 0) fail("cannot connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c->ssl = SSL_new(tls);
  SSL_set_fd(c->ssl, c->fd);
  if (SSL_connect(c->ssl) != 1) fail("no TLS session");
  SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  for (int i = 0; i < kStreams; ++i) {
    c->flights[i].next_free = c->free;
    c->free = &c->flights[i];
  }
  c->session = new_session(c);
  struct epoll_event event = {EPOLLIN, {.ptr = c}};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
  flush(c);
}

// As the other peers' loads: the cipher and the group that every server here has.
static SSL_CTX* client_context(void) {
  SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(tls, "P-256");
  SSL_CTX_set_alpn_protos(tls, (const uint8_t*)"\x02h2", 3);
  return tls;
}

int main(int count, char** arguments) {
  if (count < 6 || count - 5 > kPaths) fail("PORT CONNECTIONS FILE TOKEN PATH…");
  connection_count = atoi(arguments[2]);
  paths = (const char**)arguments + 5;
  path_count = count - 5;
  static char authorization[300];
  snprintf(authorization, sizeof authorization, "Bearer %s", arguments[4]);
  token = authorization;
  // Without this the kernel lets a call that is due wait for up to 50 µs.
  prctl(PR_SET_TIMERSLACK, 1);
  seed();
  read_calls(arguments[3]);
  SSL_CTX* tls = client_context();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  connections = calloc(connection_count, sizeof(Connection));
  if (connection_count < 1 || !connections) fail("no connections");
  for (int i = 0; i < connection_count; ++i)
    open_connection(&connections[i], atoi(arguments[1]), tls);
  puts("ready connected");
  fflush(stdout);
  char line[512];
  while (fgets(line, sizeof line, stdin)) {
    size_t first, calls_of_run, most;
    int at_a_time, chain;
    double seconds, rate;
    if (sscanf(line, "run %zu %zu %zu %d %lf %lf %d", &first, &calls_of_run, &most, &at_a_time,
               &seconds, &rate, &chain) != 7)
      fail("what is %s", line);
    perform(first, calls_of_run, most, at_a_time, seconds, rate, chain);
  }
  return 0;
}
