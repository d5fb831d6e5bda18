// Loops over activations in the second-level cache.
#include "measure.h"

#include <CKernels.h>
#include <stdio.h>

enum { count = 64 * 1536 };

typedef struct {
  const char *name;
  void (*run)(void *, int, int);
  double bytes;  // read and written
} loop;

static float *x, *y;
static uint16_t *halves;

#define LOOP(name, call)                                                                                              \
  static void name(void *context, int thread, int threads) {                                                          \
    (void)context, (void)thread, (void)threads;                                                                       \
    call;                                                                                                             \
  }
LOOP(run_silu, ck_silu_multiply(x, x, count, y))
LOOP(run_gelu_erf, ck_gelu_erf(x, count, y))
LOOP(run_gelu_tanh, ck_gelu_tanh(x, count, y))
LOOP(run_exp, ck_exp(x, count, y))
LOOP(run_rms_norm, ck_rms_norm(x, x, 1e-5f, 64, count / 64, y))
LOOP(run_softmax, ck_softmax(x, 1, count, y))
LOOP(run_argmax, *(volatile size_t *)y = ck_argmax(x, count))
LOOP(run_from_half, ck_to_f32(ck_f16, halves, count, y))
LOOP(run_to_half, ck_f32_to_f16(x, count, halves))

void bench_vectors(void) {
  static const loop loops[] = {
    {"SiLU, multiplied", run_silu, 12}, {"GELU, erf", run_gelu_erf, 8},     {"GELU, tanh", run_gelu_tanh, 8},
    {"exp", run_exp, 8},                {"RMSNorm", run_rms_norm, 8},       {"softmax", run_softmax, 8},
    {"argmax", run_argmax, 4},          {"f16 to f32", run_from_half, 6},   {"f32 to f16", run_to_half, 6},
  };
  x = random_numbers(count);
  y = random_numbers(count);
  halves = memory(count * sizeof *halves);
  ck_f32_to_f16(x, count, halves);
  printf("\nLoops over %d numbers in the cache, 1 thread\n\n| | numbers per ns | GB/s |\n| --- | --- | --- |\n", count);
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    double seconds = median_seconds(loops[i].run, NULL, 1);
    printf("| %s | %.1f | %.0f |\n", loops[i].name, count / seconds * 1e-9, loops[i].bytes * count / seconds * 1e-9);
  }
}
