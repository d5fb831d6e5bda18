// Products with weights that come from memory, as in a model: each call takes the next of several copies.
#include "measure.h"

#include <CKernels.h>
#include <cblas.h>
#include <stdbool.h>
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

// Weights in blocks, as GGUF files have them, with where each block's numbers in half precision lie.
static const struct {
  ck_element element;
  const char *name;
  int halves[2];
} block_types[] = {
  {ck_q4_0, "Q4_0", {0, -1}},   {ck_q4_1, "Q4_1", {0, 2}}, {ck_q5_0, "Q5_0", {0, -1}}, {ck_q5_1, "Q5_1", {0, 2}},
  {ck_q8_0, "Q8_0", {0, -1}},   {ck_q4_k, "Q4_K", {0, 2}}, {ck_q5_k, "Q5_K", {0, 2}},  {ck_q6_k, "Q6_K", {208, -1}},
  {ck_iq4_nl, "IQ4_NL", {0, -1}},
};
enum { block_type_count = sizeof block_types / sizeof *block_types };

static const char *name_of(ck_element element) {
  for (size_t i = 0; i < block_type_count; i++)
    if (block_types[i].element == element) return block_types[i].name;
  return element == ck_f32 ? "f32" : element == ck_f16 ? "f16" : element == ck_bf16 ? "bf16" : "q8";
}

// Blocks of any numbers, with scales of a thousandth.
static void fill_blocks(ck_element element, char *weights, size_t bytes) {
  size_t size = ck_block_bytes(element);
  float *numbers = random_numbers(bytes / sizeof(float) + 1);
  memcpy(weights, numbers, bytes);
  free(numbers);
  for (size_t i = 0; i < block_type_count; i++)
    for (int h = 0; h < 2; h++) {
      if (block_types[i].element != element || block_types[i].halves[h] < 0) continue;
      for (size_t at = 0; at < bytes; at += size)
        memcpy(weights + at + block_types[i].halves[h], &(uint16_t){0x1400}, sizeof(uint16_t));
    }
}

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
  bool packs = p->element == ck_q8 || ck_block_numbers(p->element) > 1;
  if (thread == 0 && packs) ck_pack_few_rows(p->element, p->x, inputs, p->rows, inputs, p->packed);
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
  bool in_blocks = ck_block_numbers(element) > 1;
  if (element == ck_q8) {
    p.weight_bytes = s.outputs * ck_q8_row_bytes(s.inputs);
    p.scales = memory(s.outputs * ck_q8_row_scales(s.inputs) * sizeof(float));
  } else {
    p.weight_bytes = numbers / ck_block_numbers(element) * ck_block_bytes(element);
  }
  p.copies = enough / p.weight_bytes + 1;
  static char *shared;  // one for all problems
  static size_t shared_bytes;
  if (shared_bytes < p.copies * p.weight_bytes) shared = memory(shared_bytes = 2 * enough);
  p.weights = shared;
  if (element == ck_q8) ck_quantize_weights(ck_f32, w, s.inputs, 0, s.outputs, (uint8_t *)p.weights, p.scales);
  else if (in_blocks) fill_blocks(element, p.weights, p.weight_bytes);
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

static bool has_whole_blocks(shape s, ck_element element) {
  size_t numbers = ck_block_numbers(element);
  return numbers < 2 || s.inputs % numbers == 0;
}

// One row of a table: a cell for each type.
static void few_rows_line(shape s, size_t rows, const ck_element *elements, size_t count, int threads) {
  printf("| %s %zu × %zu | %zu ", s.name, s.outputs, s.inputs, rows);
  for (size_t e = 0; e < count; e++) {
    if (!has_whole_blocks(s, elements[e])) {
      printf("| – ");
      continue;
    }
    double bytes, read = peak_read_bytes(threads) * 1e-9;
    double seconds = measure(s, rows, elements[e], run_few_rows, threads, &bytes);
    printf("| %.1f (%.0f %%) ", bytes / seconds * 1e-9, 100e-9 * bytes / seconds / read);
    fflush(stdout);
  }
  printf("|\n");
}

// Many rows with weights in blocks.
void bench_blocks(int threads) {
  static const size_t rows[] = {16, 64, 512};
  printf("\nProducts with blocks, threads: %d. Gop/s (share of the peak in eight bits measured beside it)\n\n| shape | rows ", threads);
  for (size_t b = 0; b < block_type_count; b++) printf("| %s ", block_types[b].name);
  printf("|\n| --- | --- ");
  for (size_t b = 0; b < block_type_count; b++) printf("| --- ");
  printf("|\n");
  for (int i = 2; i < 5; i += 2)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      shape s = shapes[i];
      printf("| %s %zu × %zu | %zu ", s.name, s.outputs, s.inputs, rows[r]);
      for (size_t b = 0; b < block_type_count; b++) {
        ck_element element = block_types[b].element;
        if (!has_whole_blocks(s, element)) {
          printf("| – ");
          continue;
        }
        double ignored, peak = peak_byte_ops(threads);
        double speed = 2 * (double)(rows[r] * s.outputs * s.inputs) / measure(s, rows[r], element, run_product, threads, &ignored);
        printf("| %.0f (%.0f %%) ", speed * 1e-9, 100 * speed / peak);
        fflush(stdout);
      }
      printf("|\n");
    }
}

void bench_few_rows(int threads, const char *only) {
  static const size_t rows[] = {1, 2, 4, 8, 16};
  static const ck_element elements[] = {ck_f32,  ck_f16,  ck_bf16, ck_q8,   ck_q8_0, ck_q4_0,  ck_q4_1,
                                        ck_q5_0, ck_q5_1, ck_q4_k, ck_q5_k, ck_q6_k, ck_iq4_nl};
  ck_element wanted[sizeof elements / sizeof *elements];
  size_t count = 0;
  for (size_t e = 0; e < sizeof elements / sizeof *elements; e++)
    if (!only || strcmp(name_of(elements[e]), only) == 0) wanted[count++] = elements[e];
  printf("\nFew rows, threads: %d. GB/s of weights read (share of the reads measured beside it)\n\n| shape | rows ", threads);
  for (size_t e = 0; e < count; e++) printf("| %s ", name_of(wanted[e]));
  printf("|\n| --- | --- ");
  for (size_t e = 0; e < count; e++) printf("| --- ");
  printf("|\n");
  for (int i = 1; i < 4; i += 2)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) few_rows_line(shapes[i], rows[r], wanted, count, threads);
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
