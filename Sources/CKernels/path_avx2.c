// AVX2, FMA, F16C: 16 registers of 8 lanes, so that one vector of 16 takes two.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>

#define CK_CPU avx2
#define CK_HAS_F16C 1
#define CK_ROWS 6
#define CK_VECTORS 1
#define CK_WIDE 2
#define CK_EACH_ROW_COUNT(f) f(1) f(2) f(3) f(4) f(5) f(6)

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "path.h"
#pragma clang attribute pop
#endif
