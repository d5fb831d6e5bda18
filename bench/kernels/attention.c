// Attention over cached runs of 200 tokens, one key-value head after the other, so that each comes from memory.
#include "measure.h"

#include <CKernels.h>
#include <stdio.h>

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

enum { run_tokens = 200, most_runs = 64 };

typedef struct {
  setting s;
  ck_element element;
  int heads, turn;
  char *states;  // heads × runs × (keys, values)
  float *queries, *output;
  int32_t *positions;
  void *scratch;
} problem;

static size_t run_bytes(const problem *p) {
  return (run_tokens + 15) / 16 * ck_kv_tile_bytes(p->element, (size_t)p->s.head_dimension);
}

static void run_attention(void *context, int thread, int threads) {
  (void)thread, (void)threads;
  problem *p = context;
  ck_kv_run runs[most_runs];
  int count = 0;
  size_t bytes = run_bytes(p);
  size_t all_runs = (size_t)(p->s.cached + run_tokens - 1) / run_tokens;
  char *head = p->states + (size_t)(p->turn++ % p->heads) * all_runs * 2 * bytes;
  for (int first = 0; first < p->s.cached; first += run_tokens, count++) {
    int tokens = p->s.cached - first < run_tokens ? p->s.cached - first : run_tokens;
    char *keys = head + (size_t)count * 2 * bytes;
    runs[count] = (ck_kv_run){keys, keys + bytes, NULL, first, tokens, p->element, 0};
  }
  size_t numbers = (size_t)(p->s.group * p->s.head_dimension);
  ck_attention_call call = {
    .queries = p->queries, .query_token_stride = numbers, .output = p->output, .output_token_stride = numbers,
    .positions = p->positions, .tokens = p->s.tokens, .group = p->s.group, .head_dimension = p->s.head_dimension,
    .runs = runs, .run_count = count, .scratch = p->scratch};
  ck_attention(&call);
}

void bench_attention(void) {
  static const ck_element elements[] = {ck_f16, ck_f32, ck_q8};
  static const char *const names[] = {"f16", "f32", "q8"};
  printf("\nAttention, one key-value head, 1 thread (shares of the peaks measured beside it)\n\n");
  printf("| | states | µs | GFLOP/s | GB/s of states |\n| --- | --- | --- | --- | --- |\n");
  const size_t enough = (size_t)96 << 20;
  char *states = memory(enough + ((size_t)32 << 20));
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    for (int e = 0; e < 3; e++) {
      problem p = {.s = settings[i], .element = elements[e], .states = states};
      size_t dimension = (size_t)p.s.head_dimension, rows = (size_t)(p.s.tokens * p.s.group);
      size_t runs = (size_t)(p.s.cached + run_tokens - 1) / run_tokens, bytes = run_bytes(&p);
      p.heads = (int)(enough / (2 * bytes * runs)) + 1;
      float *x = random_numbers(run_tokens * dimension);
      for (size_t r = 0; r < (size_t)p.heads * runs; r++) {
        ck_store_keys(p.element, dimension, x, dimension, 0, run_tokens, states + r * 2 * bytes);
        ck_store_values(p.element, dimension, x, dimension, 0, run_tokens, states + r * 2 * bytes + bytes);
      }
      p.queries = random_numbers(rows * dimension);
      p.output = memory(rows * dimension * sizeof(float));
      p.positions = memory((size_t)p.s.tokens * sizeof *p.positions);
      for (int t = 0; t < p.s.tokens; t++) p.positions[t] = p.s.cached + t;
      p.scratch = memory(ck_attention_scratch_bytes((size_t)p.s.tokens, (size_t)p.s.group, dimension));
      double peak = peak_f32_flops(), read = peak_read_bytes();
      double seconds = median_seconds(run_attention, &p, 1);
      double flops = 4.0 * (double)(rows * dimension) * p.s.cached / seconds;
      double speed = 2.0 * p.s.cached / 16 * (double)ck_kv_tile_bytes(p.element, dimension) / seconds;
      printf(
        "| %s | %s | %.0f | %.0f (%.0f %%) | %.1f (%.0f %%) |\n", p.s.name, names[e], seconds * 1e6, flops * 1e-9,
        100 * flops / peak, speed * 1e-9, 100 * speed / read);
      fflush(stdout);
    }
}
