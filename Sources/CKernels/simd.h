// Sixteen lanes at a time, for each kind of CPU: one register, two, or four. Included once by each path file, inside
// its target attribute, so that the same text becomes other instructions.
#include "kernels.h"

#pragma clang fp contract(fast)
// No vector is passed to a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))
// Where loops of one function would take each other's registers.
#define NOT_INLINE __attribute__((noinline))

typedef float vf __attribute__((ext_vector_type(16)));
typedef double vd __attribute__((ext_vector_type(16)));
typedef int32_t vi __attribute__((ext_vector_type(16)));
typedef uint32_t vu __attribute__((ext_vector_type(16)));
typedef uint16_t vs __attribute__((ext_vector_type(16)));
typedef _Float16 vh __attribute__((ext_vector_type(16)));

// The same at any address.
typedef float vf_any __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t vi_any __attribute__((ext_vector_type(16), aligned(4)));
typedef uint16_t vs_any __attribute__((ext_vector_type(16), aligned(2)));

// Half of it.
typedef float v8f __attribute__((ext_vector_type(8)));
typedef int32_t v8i __attribute__((ext_vector_type(8)));
typedef uint32_t v8u __attribute__((ext_vector_type(8)));
typedef uint16_t v8s __attribute__((ext_vector_type(8)));
typedef float v8f_any __attribute__((ext_vector_type(8), aligned(4)));
typedef int32_t v8i_any __attribute__((ext_vector_type(8), aligned(4)));
typedef uint16_t v8s_any __attribute__((ext_vector_type(8), aligned(2)));

enum { lanes = 16 };

INLINE vf splat(float x) { return (vf)(x); }
INLINE vf load(const float *x) { return *(const vf_any *)x; }
INLINE void store(float *y, vf v) { *(vf_any *)y = v; }
INLINE vf bits_to_f32(vi v) { return (vf)v; }
INLINE vi f32_to_bits(vf v) { return (vi)v; }

INLINE vi lane_index(void) { return (vi){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

// The first `count` (fewer than 16) numbers, zero after them.
INLINE vf load_part(const float *x, size_t count) {
  float part[lanes] = {0};
  memcpy(part, x, count * sizeof *x);
  return load(part);
}

INLINE void store_part(float *y, vf v, size_t count) {
  float part[lanes];
  store(part, v);
  memcpy(y, part, count * sizeof *y);
}

INLINE size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// MARK: Half precision

#if CK_HAS_F16C
INLINE vf half_to_f32(vs h) { return __builtin_convertvector((vh)h, vf); }
INLINE vs f32_to_half(vf x) { return (vs)__builtin_convertvector(x, vh); }
#else
// Without an instruction for it: the exponent is moved by a multiplication, which is exact for subnormals too, and
// rounding is left to an addition that aligns the wanted bit with the last one of an f32.
INLINE vf half_to_f32(vs h) {
  vu w = __builtin_convertvector(h, vu) << 16;
  vu sign = w & 0x80000000u, twice = w + w;
  vf normal = (vf)((twice >> 4) + (0xE0u << 23)) * 0x1p-112f;
  vf subnormal = (vf)((twice >> 17) | (126u << 23)) - 0.5f;
  vf magnitude = twice < (1u << 27) ? subnormal : normal;
  return (vf)(sign | (vu)magnitude);
}
INLINE vs f32_to_half(vf x) {
  vu w = (vu)x, twice = w + w, sign = w & 0x80000000u;
  vf base = (vf)(w & 0x7FFFFFFFu) * 0x1p+112f * 0x1p-110f;
  vu bias = twice & 0xFF000000u;
  bias = bias < 0x71000000u ? (vu)(0x71000000u) : bias;
  base = (vf)((bias >> 1) + 0x07800000u) + base;
  vu bits = (vu)base;
  vu rounded = ((bits >> 13) & 0x7C00u) + (bits & 0x0FFFu);
  vu half = (sign >> 16) | (twice > 0xFF000000u ? (vu)(0x7E00u) : rounded);
  return __builtin_convertvector(half, vs);
}
#endif

INLINE vf bfloat_to_f32(vs h) { return (vf)(__builtin_convertvector(h, vu) << 16); }

// Eight numbers of f32, f16 or bf16 at `index` of x.
INLINE v8f load_eight_as_f32(const ck_element element, const void *x, size_t index) {
  if (element == ck_f32) return *(const v8f_any *)((const float *)x + index);
  v8s h = *(const v8s_any *)((const uint16_t *)x + index);
  if (element == ck_bf16) return (v8f)(__builtin_convertvector(h, v8u) << 16);
#if CK_HAS_F16C
  typedef _Float16 v8h __attribute__((ext_vector_type(8)));
  return __builtin_convertvector((v8h)h, v8f);
#else
  vs whole = 0;
  whole.lo = h;
  return half_to_f32(whole).lo;
#endif
}

INLINE bool is_quant(ck_element element) { return element >= ck_q4_0; }

INLINE size_t element_bytes(ck_element element) { return element == ck_f32 ? 4 : element == ck_q8 ? 1 : 2; }

// Sixteen numbers of any element at `index` of x.
INLINE vf load_as_f32(ck_element element, const void *x, size_t index) {
  if (element == ck_f32) return load((const float *)x + index);
  vs h = *(const vs_any *)((const uint16_t *)x + index);
  return element == ck_f16 ? half_to_f32(h) : bfloat_to_f32(h);
}

INLINE vf load_part_as_f32(ck_element element, const void *x, size_t index, size_t count) {
  if (element == ck_f32) return load_part((const float *)x + index, count);
  uint16_t part[lanes] = {0};
  memcpy(part, (const uint16_t *)x + index, count * sizeof *part);
  return load_as_f32(element, part, 0);
}

// MARK: Bytes

INLINE vf signed_byte_to_f32(const int8_t *x) {
  typedef int8_t bytes __attribute__((ext_vector_type(16), aligned(1)));
  return __builtin_convertvector(__builtin_convertvector(*(const bytes *)x, vi), vf);
}

// Sixteen weights of eight bits: x - 128.
INLINE vf byte_to_f32(const uint8_t *x) {
  typedef uint8_t bytes __attribute__((ext_vector_type(16), aligned(1)));
  return __builtin_convertvector(__builtin_convertvector(*(const bytes *)x, vi) - 128, vf);
}

typedef int32_t v4i __attribute__((ext_vector_type(4)));

// Two 16-bit numbers a lane: acc[l] + a[l][0] · b[l][0] + a[l][1] · b[l][1].
INLINE vi multiply_add_pairs(vi acc, vi a, vi b) {
#if CK_WIDTH == 512
  return acc + (vi)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif CK_WIDTH == 256
  acc.lo += (v8i)_mm256_madd_epi16((__m256i)a.lo, (__m256i)b.lo);
  acc.hi += (v8i)_mm256_madd_epi16((__m256i)a.hi, (__m256i)b.hi);
  return acc;
#elif defined(__SSE2__)
  acc.lo.lo += (v4i)_mm_madd_epi16((__m128i)a.lo.lo, (__m128i)b.lo.lo);
  acc.lo.hi += (v4i)_mm_madd_epi16((__m128i)a.lo.hi, (__m128i)b.lo.hi);
  acc.hi.lo += (v4i)_mm_madd_epi16((__m128i)a.hi.lo, (__m128i)b.hi.lo);
  acc.hi.hi += (v4i)_mm_madd_epi16((__m128i)a.hi.hi, (__m128i)b.hi.hi);
  return acc;
#else
  return acc + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// Four bytes a lane: acc[l] + Σ u[l][i] · s[l][i], those of u unsigned, those of s signed. Exact.
INLINE vi multiply_add_bytes(vi acc, vi u, vi s) {
#if CK_VNNI && CK_WIDTH == 512
  return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)u, (__m512i)s);
#elif CK_VNNI && CK_WIDTH == 256
  acc.lo = (v8i)_mm256_dpbusd_avx_epi32((__m256i)acc.lo, (__m256i)u.lo, (__m256i)s.lo);
  acc.hi = (v8i)_mm256_dpbusd_avx_epi32((__m256i)acc.hi, (__m256i)u.hi, (__m256i)s.hi);
  return acc;
#else
  // Even bytes, then odd ones, as 16-bit numbers.
  typedef int16_t pairs __attribute__((ext_vector_type(32)));
  pairs even = (pairs)u & 0xFF, odd = (pairs)(((vu)u >> 8) & 0x00FF00FFu);
  acc = multiply_add_pairs(acc, (vi)even, (vi)(((pairs)s << 8) >> 8));
  return multiply_add_pairs(acc, (vi)odd, (vi)((pairs)s >> 8));
#endif
}

// The same in eight lanes.
INLINE v8i multiply_add_eight_pairs(v8i acc, v8i a, v8i b) {
#if CK_WIDTH >= 256
  return acc + (v8i)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  acc.lo += (v4i)_mm_madd_epi16((__m128i)a.lo, (__m128i)b.lo);
  acc.hi += (v4i)_mm_madd_epi16((__m128i)a.hi, (__m128i)b.hi);
  return acc;
#else
  return acc + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

#if CK_VNNI
INLINE v8i multiply_add_eight_bytes(v8i acc, v8i u, v8i s) {
#if CK_WIDTH == 512
  return (v8i)_mm256_dpbusd_epi32((__m256i)acc, (__m256i)u, (__m256i)s);
#else
  return (v8i)_mm256_dpbusd_avx_epi32((__m256i)acc, (__m256i)u, (__m256i)s);
#endif
}
#endif

// MARK: Across lanes

INLINE vf max(vf a, vf b) { return a > b ? a : b; }
INLINE vf min(vf a, vf b) { return a < b ? a : b; }

INLINE float sum_eight(v8f v) {
  typedef float v4 __attribute__((ext_vector_type(4)));
  v4 b = v.lo + v.hi;
  return (b.x + b.z) + (b.y + b.w);
}
INLINE float sum_lanes(vf v) { return sum_eight(v.lo + v.hi); }

INLINE float max_lanes(vf v) {
  typedef float v8 __attribute__((ext_vector_type(8)));
  typedef float v4 __attribute__((ext_vector_type(4)));
  v8 a = v.lo > v.hi ? v.lo : v.hi;
  v4 b = a.lo > a.hi ? a.lo : a.hi;
  float c = b.x > b.z ? b.x : b.z, d = b.y > b.w ? b.y : b.w;
  return c > d ? c : d;
}

// Row i of a 16 × 16 block becomes column i: lanes whose index has a bit set change places with the rows that have it.
INLINE void transpose(vf t[lanes]) {
#define EXCHANGE(bit, first, second)                                                                                  \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < lanes; i++) {                                                \
    if (i & bit) continue;                                                                                            \
    vf a = t[i], b = t[i + bit];                                                                                      \
    t[i] = __builtin_shufflevector(a, b, first);                                                                      \
    t[i + bit] = __builtin_shufflevector(a, b, second);                                                               \
  }
#define LIST(...) __VA_ARGS__
  EXCHANGE(1, LIST(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
           LIST(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
  EXCHANGE(2, LIST(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
           LIST(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
  EXCHANGE(4, LIST(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
           LIST(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
  EXCHANGE(8, LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
           LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#undef LIST
#undef EXCHANGE
}

// MARK: Exponentials

// 2^x, zero below -126, infinite from 128 on: x is split into the nearest integer, which the addition of 1.5 · 2^23
// leaves in the low bits, and a rest in [-1/2, 1/2], for which a minimax polynomial of degree 6 is good to 1e-8.
INLINE vf exp2_split(vf rest, vi exponent) {
  vf p = splat(1.535336188319500e-4f);
  p = p * rest + 1.339887440266574e-3f;
  p = p * rest + 9.618437357674640e-3f;
  p = p * rest + 5.550332471162809e-2f;
  p = p * rest + 2.402264791363012e-1f;
  p = p * rest + 6.931472028550421e-1f;
  p = p * rest + 1.0f;
  return bits_to_f32(f32_to_bits(p) + (exponent << 23));
}

// The same for x below 128.
INLINE vf exp2_below_128_lanes(vf x) {
  const float magic = 0x1.8p23f;
  vf shifted = x + magic;
  vf y = exp2_split(x - (shifted - magic), f32_to_bits(shifted) - f32_to_bits(splat(magic)));
  return x < -126.0f ? splat(0.0f) : y;
}

INLINE vf exp2_lanes(vf x) { return x >= 128.0f ? splat(__builtin_inff()) : exp2_below_128_lanes(x); }

// e^x: the rest is taken off in two steps, so that it keeps its last bits for large x.
INLINE vf exp_lanes(vf x) {
  const float magic = 0x1.8p23f;
  vf shifted = x * 1.44269504f + magic;
  vf n = shifted - magic;
  vf rest = x - n * 0.693359375f;
  rest = rest + n * 2.12194440e-4f;
  vf y = exp2_split(rest * 1.44269504f, f32_to_bits(shifted) - f32_to_bits(splat(magic)));
  y = x < -87.33654f ? splat(0.0f) : y;
  return x > 88.72283f ? splat(__builtin_inff()) : y;
}
