// The firmware's message loop as a process of this machine, on a pseudo-terminal whose path is its first line of output.
// It ends with its standard input, so that it never outlives the program that started it.
#define _XOPEN_SOURCE 700
#include "sitl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

static int write_all(int file, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static int open_terminal(int *host_end) {
    const int file = posix_openpt(O_RDWR | O_NOCTTY);
    if (file < 0 || grantpt(file) != 0 || unlockpt(file) != 0) {
        return -1;
    }
    // Held open here as well, so that a host may close it and open it again.
    *host_end = open(ptsname(file), O_RDWR | O_NOCTTY);
    struct termios raw;
    if (*host_end < 0 || tcgetattr(*host_end, &raw) != 0) {
        return -1;
    }
    raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
    raw.c_cflag = CS8 | CREAD | CLOCAL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(*host_end, TCSANOW, &raw) == 0 ? file : -1;
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Lets the dispatcher know of the time that has passed; returns how long poll may wait, in ms, -1 for ever.
static int pass_time(dispatcher_t *d, int64_t *due_us) {
    if (d->pace_us == 0) {
        *due_us = 0;
        return -1;
    }
    const int64_t now = now_us();
    if (*due_us == 0) {
        *due_us = now + d->pace_us;
    }
    for (; *due_us <= now; *due_us += d->pace_us) {
        dispatcher_tick(d);
    }
    return (int)((*due_us - now + 999) / 1000);
}

int main(void) {
    static dispatcher_t dispatcher;
    dispatcher_start(&dispatcher, sitl_brain());
    int host_end;
    const int file = open_terminal(&host_end);
    if (file < 0) {
        return fail("no pseudo-terminal");
    }
    printf("%s\n", ptsname(file));
    fflush(stdout);
    struct pollfd watched[2] = {{.fd = file, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    int64_t due_us = 0;
    for (;;) {
        if (poll(watched, 2, pass_time(&dispatcher, &due_us)) < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail("poll");
        }
        uint8_t bytes[512];
        if (watched[1].revents != 0 && read(STDIN_FILENO, bytes, sizeof bytes) <= 0) {
            close(host_end);
            return 0;
        }
        if (watched[0].revents == 0) {
            continue;
        }
        const ssize_t size = read(file, bytes, sizeof bytes);
        if (size < 0 && errno != EINTR) {
            return fail("read");
        }
        for (ssize_t i = 0; i < size; i++) {
            const uint8_t *answer;
            const size_t length = dispatcher_push(&dispatcher, bytes[i], &answer);
            if (length != 0 && write_all(file, answer, length) != 0) {
                return fail("write");
            }
        }
    }
}
