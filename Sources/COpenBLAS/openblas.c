#define _GNU_SOURCE
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

// As cblas.h has it. The library's version has stood for this interface since 2011.
enum { row_major = 101, as_it_is = 111, transposed = 112 };
typedef void sgemm_function(
  int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int a_stride,
  const float *b, int b_stride, float beta, float *c, int c_stride);

static sgemm_function *sgemm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  // It counts the cores that the loading thread may run on. With one there is no thread to start.
  cpu_set_t before, one;
  bool known = sched_getaffinity(0, sizeof before, &before) == 0;
  if (known) {
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE; core++)
      if (CPU_ISSET(core, &before)) {
        CPU_SET(core, &one);
        break;
      }
    known = sched_setaffinity(0, sizeof one, &one) == 0;
  }
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (known) sched_setaffinity(0, sizeof before, &before);
  if (!library) return;
  void (*set_threads)(int);
  void *symbol = dlsym(library, "openblas_set_num_threads");
  memcpy(&set_threads, &symbol, sizeof symbol);
  if (set_threads) set_threads(1);
  symbol = dlsym(library, "cblas_sgemm");
  memcpy(&sgemm, &symbol, sizeof symbol);
}

bool openblas_load(void) {
  pthread_once(&once, load);
  return sgemm != NULL;
}

void openblas_product(
  int rows, int outputs, int columns, const float *x, int x_stride, const float *w, bool adding, float *y, int y_stride) {
  sgemm(
    row_major, as_it_is, transposed, rows, outputs, columns, 1, x, x_stride, w, columns, adding ? 1 : 0, y, y_stride);
}
