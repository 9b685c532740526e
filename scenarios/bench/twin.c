// The three workloads of `ganglion bench core` in plain C, on the arrays of the numba kernels: what a compiler makes of the
// same laws. Mirrors w1.py, w2.py and w3.py bit for bit; the laws are written out again, so that it is a second opinion.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert((-3 >> 1) == -2, "the laws need >> to round toward minus infinity");

enum { V_MIN = -32768, V_MAX = 32767, WEIGHT_MAX = (1 << 30) - 1, LEAK_SHIFT = 5, ENCODER_SHIFT = 8 };
enum { LIF_THRESHOLD = 16384, TRACE_SHIFT = 5, TRACE_STEP = 512, RATE_SHIFT = 16, ERROR_MAX = 32767 };

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

static uint32_t scramble(uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

// W1. Arrays as in w1.layout; encoder has a row per input.
typedef struct {
    size_t inputs, neurons, outputs;
    uint32_t *tick;
    const uint32_t *key;
    const int32_t *learning;
    const int8_t *encoder;
    const int32_t *bias;
    int32_t *current, *v;
    const uint8_t *alive;
    uint8_t *fired;
    int16_t *trace;
    int32_t *weight, *output;
    int64_t *spikes;
} w1_t;

static void dense(size_t inputs, size_t n, const int16_t *x, const int8_t *restrict weight, int32_t *restrict current) {
    for (size_t d = 0; d < inputs; d += 4) {
        const int8_t *a = weight + d * n, *b = a + n, *e = b + n, *f = e + n;
        const int32_t xa = x[d], xb = x[d + 1], xe = x[d + 2], xf = x[d + 3];
        for (size_t i = 0; i < n; i++) {
            current[i] += (a[i] * xa + b[i] * xb) + (e[i] * xe + f[i] * xf);
        }
    }
}

static int32_t neurons(size_t n, int32_t *restrict v, const int32_t *restrict current, const uint8_t *restrict alive,
                       uint8_t *restrict fired, int16_t *restrict trace) {
    int32_t spikes = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t next = clamp(v[i] - (v[i] >> LEAK_SHIFT) + current[i], V_MIN, V_MAX);
        const int32_t fires = next >= LIF_THRESHOLD;
        const int32_t spike = fires & (alive[i] != 0);
        v[i] = next - (fires ? LIF_THRESHOLD : 0);
        fired[i] = (uint8_t)spike;
        spikes += spike;
    }
    for (size_t i = 0; i < n; i++) {
        const int32_t next = trace[i] - (trace[i] >> TRACE_SHIFT) + (fired[i] ? TRACE_STEP : 0);
        trace[i] = (int16_t)(next > 32767 ? 32767 : next);
    }
    return spikes;
}

static int32_t read_out(size_t n, const int32_t *restrict weight, const int16_t *restrict trace) {
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += (int64_t)weight[i] * trace[i];
    }
    total >>= 16;
    const int64_t most = 1 << 30;
    return (int32_t)(total < -most ? -most : total > most ? most : total);
}

static void learn(size_t n, int32_t *restrict weight, const int16_t *restrict trace, int32_t error, uint32_t start) {
    for (size_t i = 0; i < n; i++) {
        const int32_t noise = (int32_t)((start + (uint32_t)i * 0x9e3779b1u) >> 16);
        const int32_t step = (error * trace[i] + (noise >> (16 - RATE_SHIFT))) >> RATE_SHIFT;
        weight[i] = clamp(weight[i] + step, -WEIGHT_MAX, WEIGHT_MAX);
    }
}

static void w1_tick(const w1_t *s, const int16_t *x, const int16_t *target) {
    const size_t n = s->neurons;
    int32_t *restrict current = s->current;
    const int32_t *restrict bias = s->bias;
    *s->tick += 1;
    memset(current, 0, n * sizeof *current);
    dense(s->inputs, n, x, s->encoder, current);
    for (size_t i = 0; i < n; i++) {
        current[i] = bias[i] + (current[i] >> ENCODER_SHIFT);
    }
    *s->spikes += neurons(n, s->v, current, s->alive, s->fired, s->trace);
    const uint32_t start = scramble(*s->key) + *s->tick * (uint32_t)s->outputs;
    for (size_t k = 0; k < s->outputs; k++) {
        int32_t *weight = s->weight + k * n;
        s->output[k] = read_out(n, weight, s->trace);
        if (*s->learning != 0) {
            learn(n, weight, s->trace, clamp(target[k] - s->output[k], -ERROR_MAX, ERROR_MAX), scramble(start + (uint32_t)k));
        }
    }
}

// Steps from..from + ticks - 1, each on its row of x and target, which come round after `rows`.
void w1_run(const w1_t *s, const int16_t *x, const int16_t *target, size_t rows, size_t from, size_t ticks) {
    for (size_t t = from; t < from + ticks; t++) {
        w1_tick(s, x + t % rows * s->inputs, target + t % rows * s->outputs);
    }
}

// W2. Arrays as in w2.layout, then the synapses.
typedef struct {
    size_t neurons;
    uint8_t *fired;
    uint16_t *addresses;
    const int32_t *keep_u, *keep_v, *threshold;
    int32_t *u, *v, *a;
    const int32_t *bias;
    const uint32_t *start;
    int64_t *spikes, *events;
    const uint16_t *target;
    const int8_t *weight;
} w2_t;

static inline int32_t decay(int32_t x, int32_t keep) {
    const int32_t upward = x < 0 ? 4095 : 0;
    return (x >> 12) * keep + (((x & 4095) * keep + upward) >> 12);
}

static void loihi(size_t n, int32_t *restrict u, int32_t *restrict v, int32_t *restrict a, const int32_t *restrict bias,
                  int32_t keep_u, int32_t keep_v, int32_t threshold, uint8_t *restrict fired) {
    const int32_t wrap = 1 << 23, most = wrap - 1;
    for (size_t i = 0; i < n; i++) {
        int32_t next_u = (int32_t)((uint32_t)decay(u[i], keep_u) + ((uint32_t)a[i] << 6));
        next_u = next_u > wrap ? next_u - 2 * wrap : next_u <= -wrap ? next_u + 2 * wrap : next_u;
        const int32_t next_v = clamp((int32_t)((uint32_t)decay(v[i], keep_v) + (uint32_t)next_u + (uint32_t)bias[i]), -most, most);
        u[i] = next_u;
        fired[i] = next_v > threshold;
        v[i] = fired[i] ? 0 : next_v;
        a[i] = 0;
    }
}

static size_t compact(size_t n, const uint8_t *fired, uint16_t *addresses) {
    size_t count = 0;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word;
        memcpy(&word, fired + i, 8);
        for (; word != 0; word &= word - 1) {
            addresses[count++] = (uint16_t)(i + (size_t)(__builtin_ctzll(word) >> 3));
        }
    }
    return count;
}

void w2_run(const w2_t *s, size_t ticks) {
    int32_t *restrict a = s->a;
    const uint16_t *restrict target = s->target;
    const int8_t *restrict weight = s->weight;
    for (size_t t = 0; t < ticks; t++) {
        loihi(s->neurons, s->u, s->v, s->a, s->bias, *s->keep_u, *s->keep_v, *s->threshold, s->fired);
        const size_t count = compact(s->neurons, s->fired, s->addresses);
        *s->spikes += (int64_t)count;
        for (size_t k = 0; k < count; k++) {
            const uint32_t first = s->start[s->addresses[k]], last = s->start[s->addresses[k] + 1u];
            for (uint32_t j = first; j < last; j++) {
                a[target[j]] += weight[j];
            }
            *s->events += last - first;
        }
    }
}

// W3. Arrays as in w3.layout.
typedef struct {
    size_t side, outputs, cells;
    uint8_t *fired;
    const int16_t *patch;
    int16_t *current, *v;
    const uint8_t *alive;
    uint16_t *addresses;
    const uint32_t *place;
    int16_t *pooled;
    const int8_t *readout;
    int32_t *output;
    int64_t *spikes, *events;
} w3_t;

enum { KERNEL = 5, STRIDE = 2, PAD = 2, CHANNELS = 8, STEPS = 3, REACH = STEPS * CHANNELS, W3_THRESHOLD = 500 };

static int64_t add_patches(const w3_t *s, const uint16_t *xs, const uint16_t *ys, const uint8_t *ps, size_t count) {
    const int rows = (int)s->side / STRIDE, width = rows * CHANNELS;
    int64_t events = 0;
    for (size_t k = 0; k < count; k++) {
        const int x = xs[k] + PAD, y = ys[k] + PAD;
        const int right = (x / STRIDE + 1) * CHANNELS, left = right - REACH;
        const int cut = left < 0 ? -left : 0, stop = (right < width ? right : width) - left;
        for (int row = y / STRIDE, tap = y % STRIDE; tap < KERNEL && row >= 0; row--, tap += STRIDE) {
            if (row < rows && cut < stop) {
                int16_t *restrict there = s->current + row * width + left;
                const int16_t *restrict adds = s->patch + ((ps[k] * KERNEL + tap) * STRIDE + x % STRIDE) * REACH;
                for (int j = cut; j < stop; j++) {
                    there[j] = (int16_t)(there[j] + adds[j]);
                }
                events += stop - cut;
            }
        }
    }
    return events;
}

static void narrow(size_t n, int16_t *restrict v, int16_t *restrict current, const uint8_t *restrict alive,
                   uint8_t *restrict fired) {
    for (size_t i = 0; i < n; i++) {
        const int16_t next = (int16_t)clamp((int16_t)(v[i] - (v[i] >> LEAK_SHIFT)) + current[i], V_MIN, V_MAX);
        const uint8_t fires = next >= W3_THRESHOLD;
        v[i] = (int16_t)(next - (fires ? W3_THRESHOLD : 0));
        current[i] = 0;
        fired[i] = fires & alive[i];
    }
}

static void w3_tick(const w3_t *s, const uint16_t *xs, const uint16_t *ys, const uint8_t *ps, size_t count) {
    const size_t n = s->side / STRIDE * (s->side / STRIDE) * CHANNELS;
    *s->events += add_patches(s, xs, ys, ps, count);
    narrow(n, s->v, s->current, s->alive, s->fired);
    const size_t spikes = compact(n, s->fired, s->addresses);
    *s->spikes += (int64_t)spikes;
    memset(s->pooled, 0, s->cells * sizeof *s->pooled);
    for (size_t k = 0; k < spikes; k++) {
        s->pooled[s->place[s->addresses[k]]]++;
    }
    for (size_t k = 0; k < s->outputs; k++) {
        int32_t total = s->output[k] - (s->output[k] >> LEAK_SHIFT);
        for (size_t c = 0; c < s->cells; c++) {
            total += s->readout[k * s->cells + c] * s->pooled[c];
        }
        s->output[k] = total;
    }
}

// Steps from..from + ticks - 1, each on its row of `count` events, which come round after `rows`.
void w3_run(const w3_t *s, const uint16_t *xs, const uint16_t *ys, const uint8_t *ps, size_t count, size_t rows,
            size_t from, size_t ticks) {
    for (size_t t = from; t < from + ticks; t++) {
        const size_t at = t % rows * count;
        w3_tick(s, xs + at, ys + at, ps + at, count);
    }
}
