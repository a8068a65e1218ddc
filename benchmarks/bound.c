/* A year of the thought experiment with only the unavoidable memory accesses, as a bound to compare with.
 *
 * The rules are those of docs/odd.md: the same network, users and campaigns (read from a file) and the same probability
 * of talking, so the same number of messages. Each message is read from the talker's record and written to the
 * listener's, who reads its messages, compares two providers and perhaps moves. Users without news are not touched.
 *
 * The layout is optimal for this scenario: all that a day needs of a user is in one cache line and is prefetched.
 * Numbers are double precision, as in the market, whose results must be reproducible to the last bit; with -DREAL=float
 * they are single precision, and a user is half a line. The other features of the market are left out: more than two
 * providers, prices, other policies, platforms, contracts, adverts, peers, noise, credits, redundancy, arrivals, minutes
 * of downtime, sources of knowledge, triggers of moves, records and money.
 *
 * Usage: bound FILE SEED; benchmarks/bound.py writes the file and reads the line that it prints.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { INFORMED = 1, COMPLAINS = 2, AHEAD = 16 }; /* flags of a user; number of users prefetched in advance */
enum { MAX_MESSAGES = 1 << 16 };
#ifndef REAL
#define REAL double
#endif
#define HUGE_PAGE ((size_t)1 << 21)

struct settings { /* in the order of the file */
    int64_t users, links, days, campaigns, window, capacity;
    double minutes, talk, complaint, listen, memory;
};

struct user {
    REAL belief[2];     /* minutes a month; NaN: unknown */
    REAL total[2];      /* sum of today's messages, by provider */
    uint16_t count[2];  /* today's messages, by provider */
    REAL tolerance;     /* minutes a month */
    uint32_t slot;      /* place in the provider's fleet */
    uint16_t as_of;     /* day for which the belief about the own provider stands */
    uint8_t provider, flags;
} __attribute__((aligned(8 * sizeof(REAL)))); /* 64 bytes, or 32 */

static size_t allocated = 0;
static uint64_t state; /* of the random numbers: splitmix64 (Steele et al. 2014) */

static uint64_t draw(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static double uniform(void) { return ((draw() >> 11) + 1) * 0x1p-53; } /* in (0, 1] */

static void *allocate(size_t bytes) {
    size_t whole = (bytes + HUGE_PAGE) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, whole);
    if (!memory) { fprintf(stderr, "bound: no memory\n"); exit(1); }
#ifdef MADV_HUGEPAGE
    madvise(memory, whole, MADV_HUGEPAGE);
#endif
    allocated += bytes;
    return memory;
}

static void *take(FILE *file, size_t size, size_t number) {
    void *memory = allocate(size * number);
    if (fread(memory, size, number, file) != number) { fprintf(stderr, "bound: short file\n"); exit(1); }
    return memory;
}

int main(int argc, char **argv) {
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!file) { fprintf(stderr, "usage: bound FILE SEED\n"); return 2; }
    state = strtoull(argv[2], NULL, 10);

    struct settings *given = take(file, sizeof *given, 1);
    const int64_t n = given->users, window = given->window, capacity = given->capacity;
    const int32_t *start = take(file, sizeof *start, given->campaigns);
    const uint32_t *offset = take(file, sizeof *offset, n + 1);
    const uint32_t *listener = take(file, sizeof *listener, given->links);
    struct user *users = take(file, sizeof *users, n);
    fclose(file);

    uint32_t *roster[2] = {allocate(4 * n), allocate(4 * n)}, *talkers = allocate(8 * n), *informed = allocate(4 * n);
    uint32_t *movers = allocate(4 * n);
    int64_t size[2] = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        roster[users[i].provider][users[i].slot] = i;
        size[users[i].provider]++;
        talkers[i] = talkers[n + i] = informed[i] = movers[i] = 0; /* so that no page is met for the first time later */
    }
    REAL *fade = allocate(sizeof *fade * (given->days + 1)), *attention = allocate(sizeof *attention * MAX_MESSAGES);
    for (int64_t k = 0; k <= given->days; k++) fade[k] = exp(-k / given->memory);
    for (int64_t k = 0; k < MAX_MESSAGES; k++) attention[k] = 1 - pow(1 - given->listen, k);
    const REAL minute_weight = 365. / 12 * -expm1(-1 / given->memory);
    const double log_silent = log1p(-given->talk);

    const int64_t at_start = size[0];
    int64_t messages = 0, suffered = 0, moves = 0, next = 0, began = -1, servers = 0;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);

    for (int64_t day = 0; day < given->days; day++) {
        int64_t talking = 0, knowing = 0, moving = 0;

        /* Outages: the servers of the running campaign that are due, and their users, who may complain. */
        if (next < given->campaigns && start[next] == day) {
            began = start[next++];
            servers = (size[0] + capacity - 1) / capacity;
        }
        if (began >= 0 && day < began + window) {
            int64_t first = ((day - began) * servers + window - 1) / window * capacity;
            int64_t last = ((day - began + 1) * servers + window - 1) / window * capacity;
            if (last > size[0]) last = size[0];
            for (int64_t slot = first; slot < last; slot++) {
                if (slot + AHEAD < last) __builtin_prefetch(&users[roster[0][slot + AHEAD]], 1);
                uint32_t i = roster[0][slot];
                struct user *u = &users[i];
                u->belief[0] = u->belief[0] * fade[day - u->as_of] + given->minutes * minute_weight;
                u->as_of = day;
                u->flags = INFORMED;
                informed[knowing++] = i;
                suffered++;
                if (uniform() <= given->complaint) {
                    u->flags |= COMPLAINS;
                    talkers[talking++] = i;
                }
            }
        }

        /* Talk: gather what the talker believes, scatter it to those who hear it. */
        const int64_t complaints = talking;
        if (given->talk > 0)
            for (double i = floor(log(uniform()) / log_silent); i < n; i += 1 + floor(log(uniform()) / log_silent))
                talkers[talking++] = i;
        for (int64_t k = 0; k < talking; k++) {
            if (k + 3 * AHEAD < talking) __builtin_prefetch(&offset[talkers[k + 3 * AHEAD]]);
            if (k + 2 * AHEAD < talking) {
                uint32_t i = talkers[k + 2 * AHEAD];
                __builtin_prefetch(&users[i]);
                __builtin_prefetch(&listener[offset[i]]);
                __builtin_prefetch(&listener[offset[i + 1]]);
            }
            if (k + AHEAD < talking) {
                uint32_t i = talkers[k + AHEAD];
                for (uint32_t e = offset[i]; e < offset[i + 1]; e++) __builtin_prefetch(&users[listener[e]], 1);
            }
            uint32_t i = talkers[k];
            if (k >= complaints && users[i].flags & COMPLAINS) continue; /* it talks once */
            const uint8_t p = users[i].provider;
            const REAL said = users[i].belief[p] * fade[day - users[i].as_of];
            for (uint32_t e = offset[i]; e < offset[i + 1]; e++) {
                struct user *u = &users[listener[e]];
                u->count[p]++;
                u->total[p] += said;
                if (!(u->flags & INFORMED)) {
                    u->flags |= INFORMED;
                    informed[knowing++] = listener[e];
                }
            }
            messages += offset[i + 1] - offset[i];
        }

        /* News: read the mail, compare, and maybe leave. */
        for (int64_t k = 0; k < knowing; k++) {
            if (k + AHEAD < knowing) __builtin_prefetch(&users[informed[k + AHEAD]], 1);
            struct user *u = &users[informed[k]];
            const uint8_t p = u->provider;
            u->belief[p] *= fade[day - u->as_of];
            u->as_of = day;
            u->flags = 0;
            for (int j = 0; j < 2; j++) {
                if (!u->count[j]) continue;
                const REAL mean = u->total[j] / u->count[j];
                u->belief[j] = isnan(u->belief[j]) ? mean
                                                   : u->belief[j] + attention[u->count[j]] * (mean - u->belief[j]);
                u->count[j] = 0;
                u->total[j] = 0;
            }
            if (u->belief[p] - u->belief[1 - p] > u->tolerance) movers[moving++] = informed[k];
        }

        /* Moves: the last user of the fleet takes the leaver's slot. */
        for (int64_t k = 0; k < moving; k++) {
            struct user *u = &users[movers[k]];
            const uint8_t p = u->provider;
            const uint32_t last = roster[p][--size[p]];
            roster[p][u->slot] = last;
            users[last].slot = u->slot;
            u->provider = 1 - p;
            u->slot = size[1 - p];
            roster[1 - p][size[1 - p]++] = movers[k];
        }
        moves += moving;
    }

    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("%.9f %lld %lld %lld %.9f %zu\n",
           after.tv_sec - before.tv_sec + 1e-9 * (after.tv_nsec - before.tv_nsec), (long long)messages,
           (long long)suffered, (long long)moves, at_start ? 1 - (double)size[0] / at_start : 0., allocated);
    return 0;
}
