/* Drives an HTTP/1.1 server on a Unix socket in a closed loop: each connection sends its next request when the last
 * one is answered. One thread and epoll(7), so that it takes little of the server's processors.
 *
 *   load SOCKET CONNECTIONS SECONDS < REQUESTS
 *
 * REQUESTS holds whole requests, each behind a line with its length in bytes. They are taken in turn for SECONDS,
 * or each one once where SECONDS is 0. Prints a JSON object: requests, seconds, p50 and p99 in milliseconds,
 * refused (answers that are not 2xx) and the bytes of all answers. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct request {
    char *bytes;
    size_t length;
};

struct connection {
    int descriptor;
    const struct request *request;
    size_t sent;
    double began;
    char *answer;
    size_t received, capacity;
    size_t whole; /* bytes of head and body together; 0 until the head is there */
};

static struct request *requests;
static size_t request_count, next_request;
static double *latencies;
static size_t done, latency_capacity, refused;
static unsigned long long bytes;
static int is_once;
static double deadline;

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static void *checked(void *memory)
{
    if (!memory) fail("memory");
    return memory;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void read_requests(void)
{
    size_t length, capacity = 0;
    while (scanf("%zu", &length) == 1) {
        if (getchar() != '\n') fail("a length without its line's end");
        if (request_count == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            requests = checked(realloc(requests, capacity * sizeof *requests));
        }
        struct request *request = &requests[request_count++];
        *request = (struct request){checked(malloc(length)), length};
        if (fread(request->bytes, 1, length, stdin) != length) fail("a request is shorter than its length");
    }
    if (!request_count) fail("no requests");
}

static int open_connection(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) fail("the socket's path is too long");
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    /* Blocking, for a full backlog; read and written without blocking below. */
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail(path);
    return descriptor;
}

/* Whether there was a request left to begin. */
static int begin(struct connection *connection)
{
    if (is_once ? next_request == request_count : now() >= deadline) return 0;
    connection->request = &requests[next_request++];
    if (!is_once && next_request == request_count) next_request = 0;
    connection->sent = connection->received = connection->whole = 0;
    connection->began = now();
    return 1;
}

static void send_rest(struct connection *connection)
{
    while (connection->sent < connection->request->length) {
        ssize_t count = send(connection->descriptor, connection->request->bytes + connection->sent,
                             connection->request->length - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return;
        if (count < 0) fail("send");
        connection->sent += count;
    }
}

/* The length of the whole answer, once its head is there. */
static void read_head(struct connection *connection)
{
    connection->answer[connection->received] = 0;
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end) return;
    char *length = strcasestr(connection->answer, "\r\ncontent-length:");
    if (!length || length > end) {
        errno = 0;
        fail("an answer without Content-Length");
    }
    connection->whole = end + 4 - connection->answer + strtoull(length + 17, NULL, 10);
    if (strncmp(connection->answer, "HTTP/1.1 2", 10)) {
        if (!refused++) fprintf(stderr, "load: %.*s\n", (int)(end - connection->answer), connection->answer);
    }
}

/* Whether the answer is whole. */
static int receive(struct connection *connection)
{
    for (;;) {
        if (connection->capacity - connection->received < 65536) {
            connection->capacity += 1 << 20;
            connection->answer = checked(realloc(connection->answer, connection->capacity));
        }
        ssize_t count = recv(connection->descriptor, connection->answer + connection->received,
                             connection->capacity - connection->received - 1, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return 0;
        if (count <= 0) fail("the server closed a connection");
        connection->received += count;
        if (!connection->whole) read_head(connection);
        if (connection->whole && connection->received >= connection->whole) return 1;
    }
}

static void record(const struct connection *connection)
{
    if (done == latency_capacity) {
        latency_capacity = latency_capacity ? latency_capacity * 2 : 65536;
        latencies = checked(realloc(latencies, latency_capacity * sizeof *latencies));
    }
    latencies[done++] = now() - connection->began;
    bytes += connection->whole;
}

static int by_value(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static double percentile(double share)
{
    return latencies[(size_t)(share * (done - 1) + 0.5)] * 1000;
}

static void drive(int epoll, int at_work)
{
    struct epoll_event events[64];
    while (at_work > 0) {
        int count = epoll_wait(epoll, events, 64, 60000);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail("nothing happens for a minute");
        for (int number = 0; number < count; number++) {
            struct connection *connection = events[number].data.ptr;
            if (!connection->request) continue;
            send_rest(connection);
            if (!receive(connection)) continue;
            record(connection);
            if (begin(connection)) {
                send_rest(connection);
            } else {
                connection->request = NULL;
                at_work--;
            }
        }
    }
}

int main(int count, char **arguments)
{
    if (count != 4) {
        fprintf(stderr, "usage: load SOCKET CONNECTIONS SECONDS < REQUESTS\n");
        return 64;
    }
    int connection_count = atoi(arguments[2]), at_work = 0;
    double seconds = atof(arguments[3]);
    is_once = seconds == 0;
    read_requests();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || connection_count < 1) fail("epoll_create1");
    struct connection *connections = checked(calloc(connection_count, sizeof *connections));
    for (int number = 0; number < connection_count; number++)
        connections[number].descriptor = open_connection(arguments[1]);
    double start = now();
    deadline = start + seconds;
    for (int number = 0; number < connection_count; number++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &connections[number]};
        if (!begin(&connections[number])) break;
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[number].descriptor, &event)) fail("epoll_ctl");
        at_work++;
    }
    drive(epoll, at_work);
    double elapsed = now() - start;
    qsort(latencies, done, sizeof *latencies, by_value);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"p50\": %.4f, \"p99\": %.4f, \"refused\": %zu, \"bytes\": %llu}\n",
           done, elapsed, percentile(0.5), percentile(0.99), refused, bytes);
    return 0;
}
