"""The tick of a declared network: a short program of laws over flat arrays, run in one call that allocates nothing.

One row of `program` is one operation: its code, then where in which array its operands lie. The rows are part of the
image, so that whoever runs these operations runs every network.
"""

from __future__ import annotations

import numpy as np
from numba import int32, uint32

from .adaptive import adaptive_population
from .connections import columns, dense, sparse
from .cuba import cuba_population
from .delta import delta_population
from .guard import guard_step
from .homeostasis import homeostasis_population, own_threshold_population
from .izhikevich import izhikevich_population
from .kernels import kernel
from .neuron import lif_population, trace_population
from .plasticity import pes_nearest, pes_population, read_out
from .rounding import noise_start
from .stdp import rewarded_tick, stdp_tick
from .wiring import (
    add_patches,
    add_plastic,
    add_shifted,
    count_fan,
    count_inputs,
    list_events,
    list_spikes,
    pass_later,
)

(SENSE, EVENTS, SIGNAL, VALUES, FILL, DENSE, COLUMNS, SPARSE, CONV, PLASTIC, DELAY, LIF, OWN, ADAPTIVE, IZHIKEVICH,
 CUBA, SPIKES, TRACE, READ, MEMBRANE, PES, DELTA, STDP, HOMEOSTASIS, GUARD) = range(25)  # fmt: skip
WIDTH = 16
TICK, KEY, LEARNING, DEAD_FROM = range(4)
NEURONS, SYNAPSES, UPDATES, SPIKED, PRODUCTS, BYTES, TICKS = range(7)  # of `ledger.FIELDS`


@kernel
def sense(program, row, addresses, sent, analog, goal, u1, i2, i4, ledger):  # type: ignore[no-untyped-def]
    """Operations from `row` on that bring senses in and form signals; returns the first row of another kind."""
    while row < program.shape[0] and program[row, 0] <= VALUES:
        p, row = program[row], row + 1
        op = p[0]
        if op == SENSE:  # where, channels of analog, goal, effort; efforts of the last tick
            at, efforts = p[1], p[5]
            for i in range(p[2]):
                i4[at + i] = analog[i]
            at += p[2]
            for i in range(p[3]):
                i4[at + i] = goal[i]
            at += p[3]
            for i in range(p[4]):
                i4[at + i] = i2[efforts + i]
            ledger[BYTES] += 6 * (p[2] + p[3] + p[4])
        elif op == EVENTS:  # first address, how many, fired, count and list
            fired, listed = u1[p[3] : p[3] + p[2]], i4[p[4] + 1 : p[4] + 1 + p[2]]
            i4[p[4]] = list_events(addresses, sent, p[1], fired, listed, i4[p[4]])
            ledger[BYTES] += 2 * sent + 5 * i4[p[4]]
        elif op == SIGNAL:  # where, terms (index, weight), how many, shift, constant, low, high
            total = np.int64(0)
            for k in range(p[3]):
                total += np.int64(i4[p[2] + 2 * k + 1]) * np.int64(i4[i4[p[2] + 2 * k]])
            total = (total >> np.int64(p[4])) + np.int64(p[5])
            i4[p[1]] = int32(min(max(total, np.int64(p[6])), np.int64(p[7])))
            ledger[BYTES] += 4 + 12 * p[3]
        elif op == VALUES:  # where, indices, how many
            for k in range(p[3]):
                i2[p[1] + k] = np.int16(min(max(i4[i4[p[2] + k]], int32(-32768)), int32(32767)))
            ledger[BYTES] += 10 * p[3]
    return row


@kernel
def connect(program, row, now, i1, u1, i2, i4, ledger):  # type: ignore[no-untyped-def]
    """Those that fill the currents of one population: p[1] where they lie, p[2] how many neurons."""
    while row < program.shape[0] and FILL <= program[row, 0] <= DELAY:
        p, row = program[row], row + 1
        op, n = p[0], p[2]
        if op == DELAY:  # ring, sources, ticks, fired, count and list
            ring = u1[p[1] : p[1] + p[2] * p[3]].reshape(p[3], p[2])
            slot = np.int64(now % uint32(p[3]))
            i4[p[5]] = pass_later(ring, slot, u1[p[4] : p[4] + p[2]], i4[p[5] + 1 : p[5] + 1 + p[2]])
            ledger[BYTES] += 2 * p[2]
            continue
        current = i4[p[1] : p[1] + n]
        ledger[BYTES] += 4 * n
        if op == FILL:  # bias, or -1
            if p[3] >= 0:  # loops: numba compiles an assignment of slices for seconds, for the words of its errors
                bias = i4[p[3] : p[3] + n]
                for i in range(n):
                    current[i] = bias[i]
                ledger[BYTES] += 4 * n
            else:
                for i in range(n):
                    current[i] = 0
        elif op == DENSE:  # inputs, how many (a multiple of 4), weight, shift, fan, scratch
            m = p[4]
            x, scratch = i2[p[3] : p[3] + m], i4[p[8] : p[8] + n]
            dense(x, i1[p[5] : p[5] + n * m].reshape(m, n), scratch)
            add_shifted(scratch, p[6], current)
            ledger[PRODUCTS] += count_inputs(x, i4[p[7] : p[7] + m])
            ledger[BYTES] += (n + 6) * m + 4 * n
        elif op == COLUMNS:  # list, sources, weight, exponent, fan, scratch
            m, count = p[4], i4[p[3]]
            weight = i1[p[5] : p[5] + n * m].reshape(m, n)
            spikes = i4[p[3] + 1 : p[3] + 1 + m]
            if p[6] == 0:
                columns(spikes, count, weight, current)
            elif count > 0:
                scratch = i4[p[8] : p[8] + n]
                columns(spikes, count, weight, scratch)
                add_shifted(scratch, -p[6], current)
                ledger[BYTES] += 4 * n
            ledger[SYNAPSES] += count_fan(spikes, count, i4[p[7] : p[7] + m])
            ledger[BYTES] += (n + 8) * count
        elif op == SPARSE:  # list, sources, start, index, weight, exponent, synapses
            m, count, s = p[4], i4[p[3]], p[9]
            events = sparse(
                i4[p[3] + 1 : p[3] + 1 + m],
                count,
                i4[p[5] : p[5] + m + 1],
                i4[p[6] : p[6] + s],
                i1[p[7] : p[7] + s],
                p[8],
                current,
            )
            ledger[SYNAPSES] += events
            ledger[BYTES] += 9 * events + 12 * count
        elif op == CONV:  # list, channels, height, width, weight, kernel, filters, stride, padding, exponent, fan
            channels, kernel, filters, count = p[4], p[8], p[9], i4[p[3]]
            spikes = i4[p[3] + 1 : p[3] + 1 + channels * p[5] * p[6]]
            weight = i1[p[7] : p[7] + channels * kernel * kernel * filters].reshape(channels, kernel, kernel, filters)
            fan = i4[p[13] : p[13] + channels * kernel * kernel].reshape(channels, kernel, kernel)
            events = add_patches(weight, p[5], p[6], p[10], p[11], spikes, count, p[12], fan, current)
            ledger[SYNAPSES] += events
            ledger[BYTES] += 5 * events + 4 * count
        elif op == PLASTIC:  # list, sources, weight, shift
            m, count = p[4], i4[p[3]]
            weight = i4[p[5] : p[5] + n * m].reshape(n, m)
            ledger[SYNAPSES] += add_plastic(weight, p[6], i4[p[3] + 1 : p[3] + 1 + m], count, current)
            ledger[BYTES] += 4 * (n + 1) * count
    return row


@kernel
def fire(program, row, u1, i2, i4, ledger):  # type: ignore[no-untyped-def]
    """Those that advance one population: p[1] where its currents lie, p[2] how many, p[3] its membranes."""
    while row < program.shape[0] and LIF <= program[row, 0] <= TRACE:
        p, row = program[row], row + 1
        op, n = p[0], p[2]
        if op == SPIKES:  # fired, neurons, alive, count and list
            room = (n + 7) // 8 * 8  # flags are looked at eight at a time; no other array begins within
            i4[p[4]] = list_spikes(u1[p[1] : p[1] + room], u1[p[3] : p[3] + room], i4[p[4] + 1 : p[4] + 1 + n])
            ledger[SPIKED] += i4[p[4]]
            ledger[BYTES] += 2 * n + 4 * i4[p[4]]
            continue
        if op == TRACE:  # trace, neurons, fired, shift, bump
            trace_population(i2[p[1] : p[1] + n], u1[p[3] : p[3] + n], p[4], p[5])
            ledger[BYTES] += 3 * n
            continue
        current, v = i4[p[1] : p[1] + n], i4[p[3] : p[3] + n]
        fired = u1[p[4] : p[4] + n]
        ledger[NEURONS] += n
        ledger[BYTES] += 9 * n
        if op == LIF:  # fired, leak, threshold, alive
            lif_population(v, current, p[5], p[6], u1[p[7] : p[7] + n], fired)
            ledger[BYTES] += n
        elif op == OWN:  # fired, leak, thresholds
            own_threshold_population(v, current, p[5], i4[p[6] : p[6] + n], fired)
            ledger[BYTES] += 4 * n
        elif op == ADAPTIVE:  # fired, leak, sink, threshold, bump, adaptation
            adaptive_population(v, i4[p[9] : p[9] + n], current, p[5], p[6], p[7], p[8], fired)
            ledger[BYTES] += 4 * n
        elif op == IZHIKEVICH:  # fired, a, b, c, d, recovery
            for i in range(n):
                current[i] = min(max(current[i], int32(-65536)), int32(65535))
            izhikevich_population(v, i4[p[9] : p[9] + n], current, p[5], p[6], p[7], p[8], fired)
            ledger[BYTES] += 4 * n
        elif op == CUBA:  # fired, u, bias, keep of current, of voltage, threshold: all per neuron
            u, bias, keep_u, keep_v, threshold = (
                i4[p[5] : p[5] + n],
                i4[p[6] : p[6] + n],
                i4[p[7] : p[7] + n],
                i4[p[8] : p[8] + n],
                i4[p[9] : p[9] + n],
            )
            cuba_population(u, v, current, bias, keep_u, keep_v, threshold, fired)
            ledger[BYTES] += 20 * n
    return row


@kernel
def learn(program, row, now, learning, rules, u1, i2, i4, ledger):  # type: ignore[no-untyped-def]
    """Those that read populations out and move weights: p[1] where the weights lie, p[2] how many."""
    while row < program.shape[0] and READ <= program[row, 0] <= HOMEOSTASIS:
        p, row = program[row], row + 1
        op, n = p[0], p[2]
        if op == READ:  # trace or values, where to
            i4[p[4]] = read_out(i4[p[1] : p[1] + n], i2[p[3] : p[3] + n])
            ledger[PRODUCTS] += n
            ledger[BYTES] += 6 * n + 4
        elif op == MEMBRANE:  # membrane, where to
            i4[p[4]] = i4[p[3]]
            ledger[BYTES] += 8
        elif op == PES:  # trace, error, rate, key, nearest
            if learning != 0 and i4[p[4]] != 0:
                weight, trace = i4[p[1] : p[1] + n], i2[p[3] : p[3] + n]
                if p[7] != 0:
                    updates = pes_nearest(weight, i4[p[4]], trace, p[5])
                else:
                    updates = pes_population(weight, i4[p[4]], trace, p[5], noise_start(uint32(p[6]), now, 0))
                ledger[UPDATES] += updates
                ledger[BYTES] += 4 * updates + 2 * n
        elif op == DELTA:  # values, error, rate, key
            if learning != 0:
                weight, error = i4[p[1] : p[1] + n].reshape(1, n), i4[p[4] : p[4] + 1]
                start = noise_start(uint32(p[6]), now, 0)
                updates = delta_population(weight, error, i2[p[3] : p[3] + n], p[5], start, 1)
                ledger[UPDATES] += updates
                ledger[BYTES] += 6 * updates
        elif op == STDP:  # targets' count in p[2]; sources, rule, traces and spikes of both, scratch, credit, reward
            m = p[3]
            weight = i4[p[1] : p[1] + n * m].reshape(n, m)
            pre_trace, post_trace = i2[p[5] : p[5] + m], i2[p[6] : p[6] + n]
            pre, post = u1[p[7] : p[7] + m], u1[p[8] : p[8] + n]
            rule = rules[p[4] : p[4] + 1]
            rule[0].learning = int32(learning)
            if p[11] < 0:
                updates = stdp_tick(rule, weight, pre_trace, post_trace, pre, post, i4[p[9] : p[9] + m])
                ledger[BYTES] += 4 * updates
            else:
                credit = i2[p[10] : p[10] + n * m].reshape(n, m)
                reward = i4[p[11]]
                updates = rewarded_tick(rule, weight, credit, pre_trace, post_trace, pre, post, reward)
                ledger[BYTES] += (2 * n * m + (4 * n * m if reward != 0 else 0)) if learning != 0 else 0
            ledger[UPDATES] += updates
            ledger[BYTES] += 3 * (n + m)
        elif op == HOMEOSTASIS:  # fired, target, rate, low, high, key
            start = noise_start(uint32(p[8]), now, 0)
            fired = u1[p[3] : p[3] + n]
            updates = homeostasis_population(i4[p[1] : p[1] + n], fired, p[4], p[5], p[6], p[7], start, learning)
            ledger[UPDATES] += updates
            ledger[BYTES] += 5 * updates
    return row


@kernel
def tick(program, head, ledger, rules, i1, u1, i2, i4, addresses, sent, analog, goal):  # type: ignore[no-untyped-def]
    """One tick. program: int32 (P, WIDTH). head: uint32 (4,). ledger: int64 (7,). addresses: integers, `sent` valid.

    The other arrays are those of the image; analog and goal int16. Efforts are left in i2, where GUARD wrote them.
    """
    head[TICK] = uint32(head[TICK] + uint32(1))
    now, learning = head[TICK], np.int64(head[LEARNING])
    ledger[TICKS] += 1
    row = 0
    while row < program.shape[0]:  # operations of a kind follow one another: a call takes them all
        op = program[row, 0]
        if op <= VALUES:
            row = sense(program, row, addresses, sent, analog, goal, u1, i2, i4, ledger)
        elif op <= DELAY:
            row = connect(program, row, now, i1, u1, i2, i4, ledger)
        elif op <= TRACE:
            row = fire(program, row, u1, i2, i4, ledger)
        elif op <= HOMEOSTASIS:
            row = learn(program, row, now, learning, rules, u1, i2, i4, ledger)
        else:  # GUARD: effort, signal, low, high, slew
            p, row = program[row], row + 1
            i2[p[1]] = np.int16(guard_step(int32(i2[p[1]]), i4[p[2]], p[3], p[4], p[5]))
            ledger[BYTES] += 6
