#include "measure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// MARK: Medians

typedef struct {
  void (*work)(void *, int, int);
  void *context;
  int thread, threads;
  long repeats;
  pthread_barrier_t *barrier;
  double elapsed;
} worker;

static void *run_worker(void *argument) {
  worker *w = argument;
  pthread_barrier_wait(w->barrier);
  double start = processor_seconds();
  for (long i = 0; i < w->repeats; i++) w->work(w->context, w->thread, w->threads);
  w->elapsed = processor_seconds() - start;
  return NULL;
}

static double sample(void (*work)(void *, int, int), void *context, int threads, long repeats) {
  pthread_t handles[threads];
  worker workers[threads];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int t = 0; t < threads; t++) {
    workers[t] = (worker){work, context, t, threads, repeats, &barrier, 0};
    if (pthread_create(&handles[t], NULL, run_worker, &workers[t]) != 0) {
      perror("pthread_create");
      exit(1);
    }
  }
  double longest = 0;
  for (int t = 0; t < threads; t++) {
    pthread_join(handles[t], NULL);
    if (workers[t].elapsed > longest) longest = workers[t].elapsed;
  }
  pthread_barrier_destroy(&barrier);
  return longest / (double)repeats;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *x, int count) {
  qsort(x, (size_t)count, sizeof *x, ascending);
  return x[count / 2];
}

double median_seconds(void (*work)(void *, int, int), void *context, int threads) {
  enum { samples = 5 };
  double once = sample(work, context, threads, 1);  // warms up, too
  long repeats = once < 0.02 ? (long)(0.02 / once) + 1 : 1;
  double times[samples];
  for (int i = 0; i < samples; i++) times[i] = sample(work, context, threads, repeats);
  return median(times, samples);
}

measured_share median_share(
  void (*work)(void *, int, int), void *context, int threads, double operations, double (*peak)(int)) {
  enum { turns = 9 };
  double rates[turns], shares[turns];
  for (int i = 0; i < turns; i++) {
    double before = peak(threads);
    rates[i] = operations / median_seconds(work, context, threads);
    double limit = (before + peak(threads)) / 2;
    shares[i] = limit > 0 ? rates[i] / limit : 0;
  }
  return (measured_share){median(rates, turns), median(shares, turns)};
}

void share(size_t count, size_t step, int thread, int threads, size_t *begin, size_t *end) {
  size_t steps = (count + step - 1) / step;
  *begin = steps * (size_t)thread / (size_t)threads * step;
  *end = steps * (size_t)(thread + 1) / (size_t)threads * step;
  if (*end > count) *end = count;
  if (*begin > count) *begin = count;
}

// MARK: Memory

void *memory(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!p) {
    perror("aligned_alloc");
    exit(1);
  }
  return p;
}

float *random_numbers(size_t count) {
  static uint64_t state = 1;
  float *x = memory(count * sizeof *x);
  for (size_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
  }
  return x;
}

// MARK: Peaks

enum { chains = 12, steps = 20000 };

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float multiply_add_512(void) {
  __m512 a[chains], b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(0.01f), sum = _mm512_setzero_ps();
  for (int i = 0; i < chains; i++) a[i] = _mm512_set1_ps((float)i);
  for (int i = 0; i < steps; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < chains; j++) a[j] = _mm512_fmadd_ps(a[j], b, c);
  for (int i = 0; i < chains; i++) sum = _mm512_add_ps(sum, a[i]);
  return _mm512_reduce_add_ps(sum);
}

__attribute__((target("avx2,fma"))) static float multiply_add_256(void) {
  __m256 a[chains], b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(0.01f), sum = _mm256_setzero_ps();
  for (int i = 0; i < chains; i++) a[i] = _mm256_set1_ps((float)i);
  for (int i = 0; i < steps; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < chains; j++) a[j] = _mm256_fmadd_ps(a[j], b, c);
  for (int i = 0; i < chains; i++) sum = _mm256_add_ps(sum, a[i]);
  return sum[0] + sum[5];
}

// The products are hidden from the compiler, which would take them out of the loop.
__attribute__((target("avx2"))) static float multiply_bytes_256(void) {
  __m256i a[chains], b = _mm256_set1_epi8(3), c = _mm256_set1_epi8(-2), one = _mm256_set1_epi16(1), sum = one;
  for (int i = 0; i < chains; i++) a[i] = _mm256_set1_epi32(i);
  for (int i = 0; i < steps; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < chains; j++) {
      __m256i pairs = _mm256_maddubs_epi16(b, c);
      __asm__ volatile("" : "+x"(pairs));
      a[j] = _mm256_add_epi32(a[j], _mm256_madd_epi16(pairs, one));
    }
  for (int i = 0; i < chains; i++) sum = _mm256_add_epi32(sum, a[i]);
  return (float)_mm256_extract_epi32(sum, 0);
}

__attribute__((target("avx512f,avx512vnni"))) static float multiply_bytes_512(void) {
  __m512i a[chains], b = _mm512_set1_epi8(3), c = _mm512_set1_epi8(-2), sum = _mm512_setzero_si512();
  for (int i = 0; i < chains; i++) a[i] = _mm512_set1_epi32(i);
  for (int i = 0; i < steps; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < chains; j++) a[j] = _mm512_dpbusd_epi32(a[j], b, c);
  for (int i = 0; i < chains; i++) sum = _mm512_add_epi32(sum, a[i]);
  return (float)_mm512_reduce_add_epi32(sum);
}
#endif

typedef struct {
  float (*loop)(void);
  volatile float sink;
} peak_work;

static void run_peak(void *context, int thread, int threads) {
  (void)thread, (void)threads;
  peak_work *p = context;
  p->sink = p->loop();
}

static double operations(float (*loop)(void), int lanes, int threads) {
  peak_work work = {loop, 0};
  return 2.0 * threads * lanes * chains * steps / median_seconds(run_peak, &work, threads);
}

double peak_f32_flops(int threads) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return operations(multiply_add_512, 16, threads);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return operations(multiply_add_256, 8, threads);
#endif
  return 0;
}

double peak_byte_ops(int threads) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni")) return operations(multiply_bytes_512, 64, threads);
  if (__builtin_cpu_supports("avx2")) return operations(multiply_bytes_256, 32, threads);
#endif
  return 0;
}

static const size_t read_bytes = (size_t)256 << 20;

// Eight sums, which the compiler makes vectors of: more than the memory can feed.
static inline void read_all(const uint64_t *x, bool asks_ahead) {
  uint64_t sums[8] = {0};
  for (size_t i = 0; i < read_bytes / sizeof *x; i += 8) {
    if (asks_ahead) __builtin_prefetch(x + i + 2048);
    for (int j = 0; j < 8; j++) sums[j] += x[i + (size_t)j];
  }
  volatile uint64_t sink = 0;
  for (int j = 0; j < 8; j++) sink += sums[j];
}

static void run_read(void *context, int thread, int threads) {
  (void)thread, (void)threads;
  read_all(context, false);
}

static void run_read_ahead(void *context, int thread, int threads) {
  (void)thread, (void)threads;
  read_all(context, true);
}

// Some CPUs are faster if memory is asked for ahead, others if it is left to them.
double peak_read_bytes(int threads) {
  static float *x;
  if (!x) x = random_numbers(read_bytes / sizeof *x);
  double plain = median_seconds(run_read, x, threads), ahead = median_seconds(run_read_ahead, x, threads);
  return threads * (double)read_bytes / (plain < ahead ? plain : ahead);
}
