// Products with weights that come from memory, as in a model: each call takes the next of several copies.
#include "measure.h"

#include <CKernels.h>
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *name;
  size_t outputs, inputs;
} shape;

static const shape shapes[] = {
  {"135M attention", 576, 576},   {"135M up", 1536, 576},    {"135M down", 576, 1536},
  {"1.1B attention", 2048, 2048}, {"1.1B up", 5632, 2048}, {"1.1B down", 2048, 5632},
};
enum { shape_count = sizeof shapes / sizeof *shapes };

typedef struct {
  shape shape;
  size_t rows;
  ck_element element;
  char *weights;
  float *scales;
  size_t weight_bytes, copies;
  float *x, *output;
  void *packed, *scratch[64];
  size_t turn[64];
} problem;

static const void *next_copy(problem *p, int thread) {
  return p->weights + p->turn[thread]++ % p->copies * p->weight_bytes;
}

static void run_product(void *context, int thread, int threads) {
  problem *p = context;
  size_t begin, end;
  size_t inputs = p->shape.inputs;
  if (thread == 0) ck_pack_rows(p->element, p->x, inputs, p->rows, inputs, 0, inputs, p->packed);
  share(p->shape.outputs, 63, thread, threads, &begin, &end);
  ck_product_call call = {
    .element = p->element, .weights = next_copy(p, thread), .scales = p->scales, .columns = p->shape.inputs,
    .packed = p->packed, .rows = p->rows, .output = p->output, .output_stride = p->shape.outputs,
    .scratch = p->scratch[thread]};
  ck_product(&call, begin, end);
}

static void run_few_rows(void *context, int thread, int threads) {
  problem *p = context;
  size_t begin, end;
  size_t inputs = p->shape.inputs;
  share(p->shape.outputs, 8, thread, threads, &begin, &end);
  if (thread == 0 && p->element == ck_q8) ck_pack_few_rows(p->element, p->x, inputs, p->rows, inputs, p->packed);
  ck_few_rows_call call = {
    .element = p->element, .weights = next_copy(p, thread), .scales = p->scales, .columns = inputs, .x = p->x,
    .x_stride = inputs, .packed = p->packed, .rows = p->rows, .output = p->output, .output_stride = p->shape.outputs};
  ck_few_rows(&call, begin, end);
}

static void run_blas(void *context, int thread, int threads) {
  problem *p = context;
  size_t begin, end;
  share(p->shape.outputs, 63, thread, threads, &begin, &end);
  if (begin == end) return;
  const float *w = (const float *)next_copy(p, thread) + begin * p->shape.inputs;
  if (p->rows == 1)
    cblas_sgemv(
      CblasRowMajor, CblasNoTrans, (int)(end - begin), (int)p->shape.inputs, 1, w, (int)p->shape.inputs, p->x, 1, 0,
      p->output + begin, 1);
  else
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, (int)p->rows, (int)(end - begin), (int)p->shape.inputs, 1, p->x,
      (int)p->shape.inputs, w, (int)p->shape.inputs, 0, p->output + begin, (int)p->shape.outputs);
}

static problem make_problem(shape s, size_t rows, ck_element element, int threads) {
  const size_t enough = (size_t)96 << 20;  // more than a last-level cache
  size_t numbers = s.outputs * s.inputs;
  problem p = {.shape = s, .rows = rows, .element = element};
  float *w = random_numbers(numbers);
  if (element == ck_q8) {
    p.weight_bytes = s.outputs * ck_q8_row_bytes(s.inputs);
    p.scales = memory(s.outputs * ck_q8_row_scales(s.inputs) * sizeof(float));
  } else {
    p.weight_bytes = numbers * (element == ck_f32 ? 4 : 2);
  }
  p.copies = enough / p.weight_bytes + 1;
  static char *shared;  // one for all problems
  static size_t shared_bytes;
  if (shared_bytes < p.copies * p.weight_bytes) shared = memory(shared_bytes = 2 * enough);
  p.weights = shared;
  if (element == ck_q8) ck_quantize_weights(ck_f32, w, s.inputs, 0, s.outputs, (uint8_t *)p.weights, p.scales);
  else if (element == ck_f16) ck_f32_to_f16(w, numbers, (uint16_t *)p.weights);
  else memcpy(p.weights, w, p.weight_bytes);
  for (size_t i = 1; i < p.copies; i++) memcpy(p.weights + i * p.weight_bytes, p.weights, p.weight_bytes);
  free(w);
  p.x = random_numbers(rows * s.inputs);
  p.output = memory(rows * s.outputs * sizeof(float));
  p.packed = memory(ck_packed_bytes(ck_f32, rows, s.inputs));
  for (int t = 0; t < threads; t++) p.scratch[t] = memory(ck_product_scratch_bytes(rows));
  return p;
}

static void free_problem(problem *p, int threads) {
  free(p->scales);
  free(p->x);
  free(p->output);
  free(p->packed);
  for (int t = 0; t < threads; t++) free(p->scratch[t]);
}

// Seconds of one product of this kind.
static double measure(
  shape s, size_t rows, ck_element element, void (*run)(void *, int, int), int threads, double *weight_bytes) {
  problem p = make_problem(s, rows, element, threads);
  *weight_bytes = (double)p.weight_bytes;
  if (element == ck_q8) *weight_bytes += (double)(s.outputs * ck_q8_row_scales(s.inputs) * sizeof(float));
  double seconds = median_seconds(run, &p, threads);
  free_problem(&p, threads);
  return seconds;
}

void bench_products(int threads) {
  static const size_t rows[] = {16, 32, 64, 128, 512};
  printf("\nProducts, threads: %d. Gop/s (share of the peak measured beside it)\n\n", threads);
  printf("| shape | rows | f16 | OpenBLAS, f32 weights | ratio | q8 |\n| --- | --- | --- | --- | --- | --- |\n");
  for (int i = 0; i < shape_count; i++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      shape s = shapes[i];
      double operations = 2e-9 * (double)(rows[r] * s.outputs * s.inputs), ignored;
      double peak = peak_f32_flops(threads) * 1e-9, peak_q8 = peak_byte_ops(threads) * 1e-9;
      double f16 = operations / measure(s, rows[r], ck_f16, run_product, threads, &ignored);
      double blas = operations / measure(s, rows[r], ck_f32, run_blas, threads, &ignored);
      double q8 = operations / measure(s, rows[r], ck_q8, run_product, threads, &ignored);
      printf(
        "| %s %zu × %zu | %zu | %.0f (%.0f %%) | %.0f (%.0f %%) | %.2f | %.0f (%.0f %%) |\n", s.name, s.outputs,
        s.inputs, rows[r], f16, 100 * f16 / peak, blas, 100 * blas / peak, f16 / blas, q8,
        peak_q8 > 0 ? 100 * q8 / peak_q8 : 0);
      fflush(stdout);
    }
}

void bench_few_rows(int threads) {
  static const size_t rows[] = {1, 2, 4, 8};
  static const ck_element elements[] = {ck_f16, ck_f32, ck_q8};
  printf("\nFew rows, threads: %d. GB/s of weights read (share of the reads measured beside it)\n\n", threads);
  printf("| shape | rows | f16 | f32 | q8 | OpenBLAS, f32 |\n| --- | --- | --- | --- | --- | --- |\n");
  for (int i = 3; i < 5; i++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      shape s = shapes[i];
      double read = peak_read_bytes(threads) * 1e-9, bytes;
      printf("| %s %zu × %zu | %zu ", s.name, s.outputs, s.inputs, rows[r]);
      for (int e = 0; e < 3; e++) {
        double seconds = measure(s, rows[r], elements[e], run_few_rows, threads, &bytes);
        printf("| %.1f (%.0f %%) ", bytes / seconds * 1e-9, 100e-9 * bytes / seconds / read);
      }
      double seconds = measure(s, rows[r], ck_f32, run_blas, threads, &bytes);
      printf("| %.1f |\n", bytes / seconds * 1e-9);
      fflush(stdout);
    }
}

static measured_share share_of(shape s, size_t rows, ck_element element, int threads, double (*peak)(int)) {
  problem p = make_problem(s, rows, element, threads);
  measured_share m =
    median_share(run_product, &p, threads, 2.0 * (double)(rows * s.outputs * s.inputs), peak);
  free_problem(&p, threads);
  return m;
}

void bars_of_products(int threads) {
  const size_t rows = 64;
  for (int i = 0; i < shape_count; i++) {
    measured_share f16 = share_of(shapes[i], rows, ck_f16, threads, peak_f32_flops);
    measured_share q8 = share_of(shapes[i], rows, ck_q8, threads, peak_byte_ops);
    printf(
      "{\"product\":\"%s\",\"rows\":%zu,\"f16\":%.4g,\"f16_share\":%.3f,\"q8\":%.4g,\"q8_share\":%.3f}\n",
      shapes[i].name, rows, f16.rate, f16.share, q8.rate, q8.share);
    fflush(stdout);
  }
}
