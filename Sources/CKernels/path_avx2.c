// AVX2, FMA, F16C.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define CK_CPU avx2
#define CK_VNNI 0
#include "registers_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "path.h"
#pragma clang attribute pop
#endif
