// Numbers of a few bits in blocks, as GGUF files have them: how 32 of them become bytes.
//
// A group is 32 numbers of a row. Its number i is scale[i / 16] · (bytes[i] - offset) + minimum, where the offset and
// whether there is a minimum, or a scale for each half, are the format's. Layouts: ggml's `block_q4_0` and so on, in
// https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h.

typedef uint8_t bytes16 __attribute__((ext_vector_type(16)));
typedef uint8_t bytes32 __attribute__((ext_vector_type(32)));
typedef uint8_t bytes64 __attribute__((ext_vector_type(64)));
typedef uint8_t bytes16_any __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t bytes32_any __attribute__((ext_vector_type(32), aligned(1)));

enum { quant_group = 32 };

// 2 to this power is the offset; none is 0.
INLINE int quant_offset_bits(const ck_element element) {
  switch (element) {
  case ck_q4_0: return 3;
  case ck_q5_0: return 4;
  case ck_q6_k: return 5;
  case ck_q8_0:
  case ck_iq4_nl: return 7;
  default: return 0;
  }
}
INLINE int quant_offset(const ck_element element) {
  return quant_offset_bits(element) ? 1 << quant_offset_bits(element) : 0;
}
INLINE bool quant_has_minimum(const ck_element element) {
  return element == ck_q4_1 || element == ck_q5_1 || element == ck_q4_k || element == ck_q5_k;
}
INLINE bool quant_has_halves(const ck_element element) { return element == ck_q6_k; }
INLINE size_t quant_block_groups(const ck_element element) { return block_numbers(element) / quant_group; }
INLINE bool quant_is_super(const ck_element element) { return quant_block_groups(element) > 1; }

typedef struct {
  bytes32 bytes;
  float scale[2];
  float minimum;
} quant_numbers;

INLINE float half_at(const uint8_t *x) {
#if CK_HAS_F16C
  _Float16 h;
  memcpy(&h, x, sizeof h);
  return (float)h;
#else
  uint16_t h;
  memcpy(&h, x, sizeof h);
  return half_to_f32((vs)(h))[0];
#endif
}

INLINE bytes32 join_bytes(bytes16 a, bytes16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                 23, 24, 25, 26, 27, 28, 29, 30, 31);
}
INLINE bytes64 join_groups(bytes32 a, bytes32 b) {
  bytes64 joined;
  joined.lo = a;
  joined.hi = b;
  return joined;
}

// The low halves of 16 bytes, then the high ones.
INLINE bytes32 nibbles(const uint8_t *x) {
  bytes16 q = *(const bytes16_any *)x;
  return join_bytes(q & 15, q >> 4);
}

// 16 where the bit of that number is set.
INLINE bytes32 fifth_bits(const uint8_t *x) {
  typedef uint8_t bytes4 __attribute__((ext_vector_type(4)));
  bytes4 q;
  memcpy(&q, x, sizeof q);
  bytes32 spread = __builtin_shufflevector(
    q, q, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const bytes32 bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                       1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  return (bytes32)((spread & bit) != 0) & 16;
}

// What the sixteen values of IQ4_NL are, plus 128.
INLINE bytes32 look_up_values(bytes32 index) {
  const bytes16 values = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
#if CK_WIDTH >= 256
  return (bytes32)_mm256_shuffle_epi8((__m256i)join_bytes(values, values), (__m256i)index);
#else
  bytes32 found;
  for (int i = 0; i < 32; i++) found[i] = values[index[i]];
  return found;
#endif
}

// Six bits each: the scale and the minimum of group j of a block of 256.
INLINE void six_bit_scales(const uint8_t *s, size_t j, uint8_t *scale, uint8_t *minimum) {
  if (j < 4) {
    *scale = s[j] & 63;
    *minimum = s[j + 4] & 63;
  } else {
    *scale = (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
    *minimum = (s[j + 4] >> 4) | (s[j] >> 6) << 4;
  }
}

// Group j of a block of 256.
INLINE bytes32 super_bytes(const ck_element element, const uint8_t *block, size_t j) {
  if (element == ck_q6_k) {
    bytes32 low = *(const bytes32_any *)(block + 64 * (j / 4) + 32 * (j & 1));
    bytes32 high = *(const bytes32_any *)(block + 128 + 32 * (j / 4));
    low = j & 2 ? low >> 4 : low & 15;
    return low | (bytes32)((high >> (uint8_t)(2 * (j & 3))) & 3) << 4;
  }
  bytes32 q = *(const bytes32_any *)(block + (element == ck_q5_k ? 48 : 16) + 32 * (j / 2));
  q = j & 1 ? q >> 4 : q & 15;
  if (element == ck_q5_k) q |= (bytes32)((*(const bytes32_any *)(block + 16) >> (uint8_t)j) & 1) << 4;
  return q;
}

// The numbers of a block of 32.
INLINE bytes32 block_numbers_as_bytes(const ck_element element, const uint8_t *block) {
  switch (element) {
  case ck_q4_0: return nibbles(block + 2);
  case ck_iq4_nl: return look_up_values(nibbles(block + 2));
  case ck_q4_1: return nibbles(block + 4);
  case ck_q5_0: return nibbles(block + 6) | fifth_bits(block + 2);
  case ck_q5_1: return nibbles(block + 8) | fifth_bits(block + 4);
  default: return *(const bytes32_any *)(block + 2) ^ 0x80;
  }
}

// Group `group` of a row.
INLINE quant_numbers unpack_group(const ck_element element, const uint8_t *row, size_t group) {
  quant_numbers n = {0};
  const uint8_t *block = row + group / quant_block_groups(element) * block_bytes(element);
  if (!quant_is_super(element)) {
    n.bytes = block_numbers_as_bytes(element, block);
    n.scale[0] = n.scale[1] = half_at(block);
    if (quant_has_minimum(element)) n.minimum = half_at(block + 2);
    return n;
  }
  size_t j = group % 8;
  n.bytes = super_bytes(element, block, j);
  if (element == ck_q6_k) {
    float d = half_at(block + 208);
    for (int half = 0; half < 2; half++) n.scale[half] = d * (float)((const int8_t *)block)[192 + 2 * j + half];
  } else {
    uint8_t scale, minimum;
    six_bit_scales(block + 4, j, &scale, &minimum);
    n.scale[0] = n.scale[1] = half_at(block) * (float)scale;
    n.minimum = -(half_at(block + 2) * (float)minimum);
  }
  return n;
}

// A group in f32.
INLINE void group_to_f32(const ck_element element, const uint8_t *row, size_t group, float *y) {
  // A multiplication and an addition, each rounded: what the format's description says.
#pragma clang fp contract(off)
  quant_numbers n = unpack_group(element, row, group);
  for (int half = 0; half < 2; half++) {
    vi q = __builtin_convertvector(half ? n.bytes.hi : n.bytes.lo, vi) - quant_offset(element);
    store(y + half * lanes, __builtin_convertvector(q, vf) * n.scale[half] + n.minimum);
  }
}

#define CK_EACH_QUANT(f) \
  f(ck_q4_0) f(ck_q4_1) f(ck_q5_0) f(ck_q5_1) f(ck_q8_0) f(ck_iq4_nl) f(ck_q4_k) f(ck_q5_k) f(ck_q6_k)

// Those with a turned form.
#define CK_EACH_TURNED(f) f(ck_q4_0) f(ck_q4_1) f(ck_q8_0) f(ck_q4_k) f(ck_q6_k)

// `count` is a multiple of 32, and the first number the first of a block.
static void quants_to_f32(ck_element element, const void *x, size_t count, float *y) {
  switch (element) {
#define CK_QUANT(element)                                                                                             \
  case element:                                                                                                       \
    for (size_t g = 0; g < count / quant_group; g++) group_to_f32(element, x, g, y + g * quant_group);                \
    break;
    CK_EACH_QUANT(CK_QUANT)
#undef CK_QUANT
  default: break;
  }
}
