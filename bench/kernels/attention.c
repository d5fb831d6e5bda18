// Attention over cached runs of 200 tokens, one key-value head after the other, so that each comes from memory.
#include "measure.h"

#include <CKernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
  const char *name;
  int head_dimension, group, tokens, cached;
} setting;

static const setting settings[] = {
  {"135M, 64 new tokens", 64, 3, 64, 3008},   {"1.1B, 64 new tokens", 64, 8, 64, 3008},
  {"1.1B, 24 new tokens", 64, 8, 24, 5900},   {"head of 128, 64 new tokens", 128, 4, 64, 3008},
  {"135M, decoding", 64, 3, 1, 3008},         {"1.1B, decoding", 64, 8, 1, 3008},
  {"no groups, decoding", 128, 1, 1, 3008},
};

enum { run_tokens = 200, most_runs = 64, most_threads = 64 };

typedef struct {
  setting s;
  ck_element element;
  int heads;
  char *states;  // heads × runs × (keys, values)
  float *queries;
  int32_t *positions;
  // Of each thread, which takes every so many heads.
  int threads, turns[most_threads * 16];
  float *outputs[most_threads];
  void *scratch[most_threads];
} problem;

static size_t run_bytes(const problem *p) {
  return (run_tokens + 15) / 16 * ck_kv_tile_bytes(p->element, (size_t)p->s.head_dimension);
}

static void run_attention(void *context, int thread, int threads) {
  problem *p = context;
  int turn = p->turns[thread * 16]++ * threads + thread;
  ck_kv_run runs[most_runs];
  int count = 0;
  size_t bytes = run_bytes(p);
  size_t all_runs = (size_t)(p->s.cached + run_tokens - 1) / run_tokens;
  char *head = p->states + (size_t)(turn % p->heads) * all_runs * 2 * bytes;
  for (int first = 0; first < p->s.cached; first += run_tokens, count++) {
    int tokens = p->s.cached - first < run_tokens ? p->s.cached - first : run_tokens;
    char *keys = head + (size_t)count * 2 * bytes;
    runs[count] = (ck_kv_run){keys, keys + bytes, NULL, first, tokens, p->element, 0};
  }
  size_t numbers = (size_t)(p->s.group * p->s.head_dimension);
  ck_attention_call call = {
    .queries = p->queries, .query_token_stride = numbers, .output = p->outputs[thread], .output_token_stride = numbers,
    .positions = p->positions, .tokens = p->s.tokens, .group = p->s.group, .head_dimension = p->s.head_dimension,
    .runs = runs, .run_count = count, .scratch = p->scratch[thread]};
  ck_attention(&call);
}

static const size_t enough = (size_t)96 << 20;  // more than a last-level cache

// What one call took, and what the machine can do.
static problem make_problem(setting s, ck_element element, char *states, int threads) {
  problem p = {.s = s, .element = element, .states = states, .threads = threads};
  size_t dimension = (size_t)s.head_dimension, rows = (size_t)(s.tokens * s.group);
  size_t runs = (size_t)(s.cached + run_tokens - 1) / run_tokens, bytes = run_bytes(&p);
  p.heads = (int)(enough / (2 * bytes * runs)) + 1;
  float *x = random_numbers(run_tokens * dimension);
  for (size_t r = 0; r < (size_t)p.heads * runs; r++) {
    ck_store_keys(p.element, dimension, x, dimension, 0, run_tokens, states + r * 2 * bytes);
    ck_store_values(p.element, dimension, x, dimension, 0, run_tokens, states + r * 2 * bytes + bytes);
  }
  p.queries = random_numbers(rows * dimension);
  for (int t = 0; t < threads; t++) {
    p.outputs[t] = memory(rows * dimension * sizeof(float));
    p.scratch[t] = memory(ck_attention_scratch_bytes((size_t)s.tokens, (size_t)s.group, dimension));
  }
  p.positions = memory((size_t)s.tokens * sizeof *p.positions);
  for (int t = 0; t < s.tokens; t++) p.positions[t] = s.cached + t;
  free(x);
  return p;
}

static void free_problem(problem *p) {
  free(p->queries), free(p->positions);
  for (int t = 0; t < p->threads; t++) free(p->outputs[t]), free(p->scratch[t]);
}

// Multiplications and additions of one call.
static double operations(setting s) {
  return 4.0 * (double)(s.tokens * s.group * s.head_dimension) * s.cached;
}

// Bytes of states that one call reads.
static double bytes(setting s, ck_element element) {
  return 2.0 * s.cached / 16 * (double)ck_kv_tile_bytes(element, (size_t)s.head_dimension);
}

static const int setting_count = sizeof settings / sizeof *settings;

static void bench_threads(int threads) {
  static const ck_element elements[] = {ck_f16, ck_f32, ck_q8};
  static const char *const names[] = {"f16", "f32", "q8"};
  printf("\nAttention, one key-value head a thread, %d threads (shares of the peaks measured beside it)\n\n", threads);
  printf("| | states | µs | GFLOP/s | GB/s of states |\n| --- | --- | --- | --- | --- |\n");
  char *states = memory(enough + ((size_t)32 << 20));
  for (int i = 0; i < setting_count; i++)
    for (int e = 0; e < 3; e++) {
      problem p = make_problem(settings[i], elements[e], states, threads);
      double peak = peak_f32_flops(threads), read = peak_read_bytes(threads);
      double seconds = median_seconds(run_attention, &p, threads) / threads;
      double flops = operations(p.s) / seconds, speed = bytes(p.s, p.element) / seconds;
      printf(
        "| %s | %s | %.0f | %.0f (%.0f %%) | %.1f (%.0f %%) |\n", p.s.name, names[e], seconds * threads * 1e6, flops * 1e-9,
        100 * flops / peak, speed * 1e-9, 100 * speed / read);
      fflush(stdout);
      free_problem(&p);
    }
}

void bench_attention(void) {
  int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (cores > most_threads) cores = most_threads;
  bench_threads(1);
  if (cores > 1) bench_threads(cores);
}

void bars_of_attention(void) {
  char *states = memory(enough + ((size_t)32 << 20));
  for (int i = 0; i < setting_count; i++) {
    problem p = make_problem(settings[i], ck_f16, states, 1);
    measured_share flops = median_share(run_attention, &p, 1, operations(p.s), peak_f32_flops);
    measured_share read = median_share(run_attention, &p, 1, bytes(p.s, p.element), peak_read_bytes);
    // The ceiling that takes longer is the smaller one.
    bool arithmetic = flops.share > read.share;
    printf(
      "{\"attention\":\"%s\",\"flops\":%.4g,\"bytes\":%.4g,\"share\":%.3f,\"bound\":\"%s\"}\n", p.s.name, flops.rate,
      read.rate, arithmetic ? flops.share : read.share, arithmetic ? "arithmetic" : "memory");
    fflush(stdout);
    free_problem(&p);
  }
}
