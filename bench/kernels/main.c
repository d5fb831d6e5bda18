// kernel-bench [products|blocks|few-rows [TYPE]|attention|vectors]…: how fast the kernels are on this machine, as Markdown.
// kernel-bench bars [THREADS]: the figures that `bench/compare` judges, as JSON lines.
//
// PMLC_CPU chooses the kernels, as in the program itself.
#include "measure.h"

#include <CKernels.h>
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {"portable", "avx2", "avx2vnni", "avx512", "avx512vnni"};

static int wanted(int count, char **names, const char *name) {
  if (count < 2) return 1;
  for (int i = 1; i < count; i++)
    if (strcmp(names[i], name) == 0) return 1;
  return 0;
}

void bench_bars(int threads) {
  printf(
    "{\"machine\":\"%s\",\"threads\":%d,\"f32\":%.4g,\"bytes\":%.4g,\"read\":%.4g}\n", kinds[ck_cpu_in_use()], threads,
    peak_f32_flops(threads), peak_byte_ops(threads), peak_read_bytes(threads));
  bars_of_products(threads);
  bars_of_attention();
}

int main(int count, char **names) {
  openblas_set_num_threads(1);  // threads of our own above it
  if (count > 1 && strcmp(names[1], "bars") == 0) {
    int threads = count > 2 ? atoi(names[2]) : 2;
    if (threads < 1 || threads > 64) {
      fprintf(stderr, "kernel-bench: give a number of threads from 1 to 64\n");
      return 2;
    }
    bench_bars(threads);
    return 0;
  }
  // few-rows Q4_K: one type alone.
  const char *type = count == 3 && strcmp(names[1], "few-rows") == 0 ? names[2] : NULL;
  int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (cores > 64) cores = 64;
  printf(
    "%d cores; kernels: %s; OpenBLAS: %s; one thread: %.0f GFLOP/s in f32, %.0f Gop/s in eight bits, %.1f GB/s read\n",
    cores, kinds[ck_cpu_in_use()], openblas_get_corename(), peak_f32_flops(1) * 1e-9, peak_byte_ops(1) * 1e-9,
    peak_read_bytes(1) * 1e-9);
  for (int threads = 1; threads <= cores; threads += cores > 1 ? cores - 1 : 1) {
    if (wanted(count, names, "products")) bench_products(threads);
    if (wanted(count, names, "blocks")) bench_blocks(threads);
    if (wanted(count, names, "few-rows")) bench_few_rows(threads, type);
  }
  if (wanted(count, names, "attention")) bench_attention();
  if (wanted(count, names, "vectors")) bench_vectors();
  return 0;
}
