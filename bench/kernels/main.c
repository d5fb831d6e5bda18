// kernel-bench [products|few-rows|attention|vectors]…: how fast the kernels are on this machine, as Markdown.
//
// PMLC_CPU chooses the kernels, as in the program itself.
#include "measure.h"

#include <CKernels.h>
#include <cblas.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int wanted(int count, char **names, const char *name) {
  if (count < 2) return 1;
  for (int i = 1; i < count; i++)
    if (strcmp(names[i], name) == 0) return 1;
  return 0;
}

int main(int count, char **names) {
  static const char *const kinds[] = {"portable", "avx2", "avx2vnni", "avx512", "avx512vnni"};
  openblas_set_num_threads(1);  // threads of our own above it
  int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (cores > 64) cores = 64;
  printf(
    "%d cores; kernels: %s; OpenBLAS: %s; one thread: %.0f GFLOP/s in f32, %.0f Gop/s in eight bits, %.1f GB/s read\n",
    cores, kinds[ck_cpu_in_use()], openblas_get_corename(), peak_f32_flops() * 1e-9, peak_byte_ops() * 1e-9,
    peak_read_bytes() * 1e-9);
  for (int threads = 1; threads <= cores; threads += cores > 1 ? cores - 1 : 1) {
    if (wanted(count, names, "products")) bench_products(threads);
    if (wanted(count, names, "few-rows")) bench_few_rows(threads);
  }
  if (wanted(count, names, "attention")) bench_attention();
  if (wanted(count, names, "vectors")) bench_vectors();
  return 0;
}
