// The RTL as a process of this machine, on a pseudo-terminal whose path is its first line of output; it ends with its
// standard input. It reads the memories' files from its own folder. Bytes go straight into the core; built with -DBITS they go through the UART, bit by bit.
//
// While the core waits for a byte, no time passes in it; under PACE it keeps step with the wall clock instead.
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "verilated.h"
#ifdef BITS
#include "Vchip.h"
using Design = Vchip;
#else
#include "Vcore.h"
using Design = Vcore;
#endif

static constexpr int DIVIDE = 4;        // cycles a bit, in the UART's own test
static constexpr int BYTE_CYCLES = 64;  // between two bytes that are handed to the core
static constexpr uint64_t CLOCK_MHZ = 12;

static std::deque<uint8_t> to_core;
static std::string from_core;

static uint64_t now_us() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return uint64_t(now.tv_sec) * 1000000u + uint64_t(now.tv_nsec) / 1000u;
}

#ifdef BITS
// The other end of the wire: shifts bytes out to `rx` and samples `tx` in the middle of its bits. Returns whether it is busy.
static bool exchange(Design &d) {
    static int out_wait = 0, out_bits = 0, in_wait = 0, in_bits = 0;
    static unsigned out_shift = 0x3ff, in_shift = 0;
    if (out_wait > 0) {
        out_wait--;
    } else if (out_bits > 0) {
        d.rx = out_shift & 1;
        out_shift >>= 1;
        out_bits--;
        out_wait = DIVIDE - 1;
    } else {
        d.rx = 1;
        if (!to_core.empty()) {
            out_shift = 0x200u | unsigned(to_core.front()) << 1;
            to_core.pop_front();
            out_bits = 10;
        }
    }
    if (in_bits == 0) {
        if (!d.tx) {
            in_bits = 10;
            in_wait = DIVIDE / 2;
        }
    } else if (in_wait > 0) {
        in_wait--;
    } else {
        in_shift = in_shift >> 1 | unsigned(d.tx) << 9;
        in_wait = DIVIDE - 1;
        if (--in_bits == 0) {
            from_core.push_back(char(in_shift >> 1 & 0xff));
        }
    }
    return out_bits > 0 || in_bits > 0 || !to_core.empty();
}
#else
// Hands the core its next byte and takes the one it sends. Returns whether there was any.
static bool exchange(Design &d) {
    static int wait = 0;
    d.rx_valid = 0;
    if (wait > 0) {
        wait--;
    } else if (!to_core.empty()) {
        d.rx_valid = 1;
        d.rx_byte = to_core.front();
        to_core.pop_front();
        wait = BYTE_CYCLES;
    }
    d.tx_ready = 1;
    if (d.tx_valid) {
        from_core.push_back(char(d.tx_byte));
    }
    return d.rx_valid || d.tx_valid || !to_core.empty();
}
#endif

static int quiet = 0; // how often the core has looked for a byte in vain since the last one

static void cycle(Design &d) {
    const bool busy = exchange(d);
    d.clk = 0;
    d.eval();
    quiet = busy ? 0 : d.idle ? quiet + 1 : quiet;
    d.clk = 1;
    d.eval();
}

static bool flush(int file) {
    size_t sent = 0;
    while (sent < from_core.size()) {
        const ssize_t n = write(file, from_core.data() + sent, from_core.size() - sent);
        if (n <= 0) {
            return false;
        }
        sent += size_t(n);
    }
    from_core.clear();
    return true;
}

static int open_terminal(int &host_end) {
    const int file = posix_openpt(O_RDWR | O_NOCTTY);
    if (file < 0 || grantpt(file) != 0 || unlockpt(file) != 0) {
        return -1;
    }
    host_end = open(ptsname(file), O_RDWR | O_NOCTTY); // stays open, so that a host may come and go
    termios raw;
    if (host_end < 0 || tcgetattr(host_end, &raw) != 0) {
        return -1;
    }
    raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
    raw.c_cflag = CS8 | CREAD | CLOCAL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(host_end, TCSANOW, &raw) == 0 ? file : -1;
}

int main(int argc, char **argv) {
    Verilated::commandArgs(argc, argv);
    const std::string self = argv[0], here = self.substr(0, self.rfind('/') + 1);
    if (!here.empty() && chdir(here.c_str()) != 0) { // program.hex and the others are beside it
        std::perror(here.c_str());
        return 1;
    }
    Design d;
#ifdef BITS
    d.rx = 1;
    d.ready = 1;
#else
    d.rx_valid = 0;
    d.reset = 1;
#endif
    for (int i = 0; i < 300; i++) {
        cycle(d);
    }
#ifndef BITS
    d.reset = 0;
#endif
    int host_end = -1;
    const int file = open_terminal(host_end);
    if (file < 0) {
        std::perror("no pseudo-terminal");
        return 1;
    }
    std::printf("%s\n", ptsname(file));
    std::fflush(stdout);
    pollfd watched[2] = {{file, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    uint64_t last_us = now_us();
    for (;;) {
        const bool resting = quiet >= 4;
        if (!flush(file)) {
            std::perror("write");
            return 1;
        }
        if (poll(watched, 2, !resting ? 0 : d.paced ? 1 : -1) < 0) {
            continue;
        }
        uint8_t bytes[512];
        if (watched[1].revents != 0 && read(STDIN_FILENO, bytes, sizeof bytes) <= 0) {
            close(host_end);
            return 0;
        }
        if (watched[0].revents != 0) {
            const ssize_t size = read(file, bytes, sizeof bytes);
            to_core.insert(to_core.end(), bytes, bytes + (size > 0 ? size : 0));
        }
        uint64_t cycles = 4000;
        if (resting && to_core.empty()) {
            const uint64_t passed_us = now_us() - last_us;
            cycles = d.paced ? CLOCK_MHZ * (passed_us < 20000 ? passed_us : 20000) : 0;
        } else {
            quiet = 0;
        }
        last_us = now_us();
        for (uint64_t i = 0; i < cycles && (quiet < 4 || resting); i++) {
            cycle(d);
        }
    }
}
