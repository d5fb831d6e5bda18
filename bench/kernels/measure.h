// What every benchmark here needs: peaks of this machine, medians, threads.
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>

// What the machine can do on so many threads together, measured just now.
double peak_f32_flops(int threads);   // multiply-adds in the widest registers, two operations each
double peak_byte_ops(int threads);    // the same of bytes with vpdpbusd, or else vpmaddubsw, vpmaddwd and vpaddd
double peak_read_bytes(int threads);  // bytes read from memory, a second, asked for ahead or not

// Seconds that one call of work(context, thread, threads) takes on `threads` threads at once: the median of five samples
// of at least 20 ms. It is the processor time of the thread that takes longest, so that other programs count less.
double median_seconds(void (*work)(void *context, int thread, int threads), void *context, int threads);

// How fast something is, and which share that is of a peak.
typedef struct {
  double rate, share;
} measured_share;

// Operations (or bytes) a second of one call that has so many, and their share of what `peak` measures: medians of nine
// turns, each with both beside each other, so that what comes and goes on the machine slows both.
measured_share median_share(
  void (*work)(void *context, int thread, int threads), void *context, int threads, double operations,
  double (*peak)(int threads));

// Memory with numbers in -1...1 from a fixed seed, at a multiple of 64; never freed.
float *random_numbers(size_t count);
void *memory(size_t bytes);

// Thread `thread`'s share of 0 ..< count, in multiples of `step`.
void share(size_t count, size_t step, int thread, int threads, size_t *begin, size_t *end);

void bench_products(int threads);
void bench_blocks(int threads);
void bench_few_rows(int threads, const char *only);  // all types of weights, or that of one name
void bench_attention(void);
void bench_vectors(void);
// The figures that `bench/compare` judges, one JSON object a line.
void bench_bars(int threads);
void bars_of_products(int threads);
void bars_of_attention(void);

#endif
