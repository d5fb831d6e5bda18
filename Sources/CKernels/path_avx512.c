// AVX-512 F, BW, DQ, VL.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define CK_CPU avx512
#define CK_VNNI 0
#include "registers_avx512.h"

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#include "path.h"
#pragma clang attribute pop
#endif
