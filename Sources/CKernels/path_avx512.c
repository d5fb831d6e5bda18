// AVX-512 F, BW, DQ, VL: 32 registers of 16 lanes.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>

#define CK_CPU avx512
#define CK_HAS_F16C 1
#define CK_ROWS 8
#define CK_VECTORS 2
#define CK_WIDE 4
#define CK_EACH_ROW_COUNT(f) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8)

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#include "path.h"
#pragma clang attribute pop
#endif
