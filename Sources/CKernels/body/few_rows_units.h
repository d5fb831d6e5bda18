// Products of few rows with weights of eight bits or less, one weight row at a time, as it lies: weights are opened once
// for all rows, and memory is read in order. See few_rows_activations.h for the order of a sum.

// Σ_i u[l][i] · x[l][i] of each lane l, over `count` times 32 columns of a chunk, from column `at` on.
INLINE v8i dot_part(const int count, const bytes32 *u, const few_chunk *x, int at) {
  v8i sum = 0;
#if CK_VNNI
#pragma clang loop unroll(full)
  for (int j = 0; j < count; j++)
    sum = multiply_add_eight_bytes(sum, (v8i)u[j], *(const v8i_any *)(x->high + at + 32 * j));
  sum <<= 8;
#pragma clang loop unroll(full)
  for (int j = 0; j < count; j++)
    sum = multiply_add_eight_bytes(sum, (v8i)u[j], *(const v8i_any *)(x->low + at + 32 * j));
#else
  typedef uint16_t pairs16 __attribute__((ext_vector_type(16)));
#pragma clang loop unroll(full)
  for (int j = 0; j < count; j++) {
    sum = multiply_add_eight_pairs(sum, (v8i)u[j] & 0x00FF00FF, *(const v8i_any *)(x->even + (at + 32 * j) / 2));
    sum = multiply_add_eight_pairs(sum, (v8i)((pairs16)u[j] >> 8), *(const v8i_any *)(x->odd + (at + 32 * j) / 2));
  }
#endif
  return sum;
}

// Columns of a unit.
INLINE int few_unit(const ck_element element) { return element == ck_q8 ? 64 : quant_has_halves(element) ? 16 : 32; }

// Columns of a round: eight units, or sixteen of 16 columns.
INLINE size_t few_round(const ck_element element) { return element == ck_q8 ? 512 : 256; }

// Bytes of it.
INLINE size_t few_round_bytes(const ck_element element) {
  return element == ck_q8 ? 512 : 256 / block_numbers(element) * block_bytes(element);
}

// Two blocks of 32 as bytes: the first halves of both, and the second ones.
INLINE void open_two_blocks(const ck_element element, const uint8_t *first, const uint8_t *second, bytes32 w[2]) {
  if (element == ck_q8_0) {
    bytes32 a = *(const bytes32_any *)(first + 2), b = *(const bytes32_any *)(second + 2);
    w[0] = join_bytes(a.lo, b.lo) ^ 0x80;
    w[1] = join_bytes(a.hi, b.hi) ^ 0x80;
    return;
  }
  const int at = element == ck_q4_1 ? 4 : element == ck_q5_0 ? 6 : element == ck_q5_1 ? 8 : 2;
  bytes32 q = join_bytes(*(const bytes16_any *)(first + at), *(const bytes16_any *)(second + at));
  w[0] = q & 15;
  w[1] = q >> 4;
  if (element == ck_iq4_nl) w[0] = look_up_values(w[0]), w[1] = look_up_values(w[1]);
  if (element == ck_q5_0 || element == ck_q5_1) {
    uint32_t a, b;
    memcpy(&a, first + at - 4, sizeof a);
    memcpy(&b, second + at - 4, sizeof b);
    uint32_t low = (a & 0xFFFF) | b << 16, high = a >> 16 | (b & 0xFFFF0000);
    w[0] |= fifth_bits((const uint8_t *)&low);
    w[1] |= fifth_bits((const uint8_t *)&high);
  }
}

// Chunk `c` of a block of 256: quarters 0 and 2, and 1 and 3.
INLINE void open_chunk_of_super(const ck_element element, const uint8_t *block, int c, bytes32 w[2]) {
#pragma clang loop unroll(full)
  for (int half = 0; half < 2; half++) {
    if (element == ck_q6_k) {
      const uint8_t *low = block + 64 * (c / 2) + 16 * half;
      bytes32 q = join_bytes(*(const bytes16_any *)low, *(const bytes16_any *)(low + 32));
      bytes16 h = *(const bytes16_any *)(block + 128 + 32 * (c / 2) + 16 * half);
      const v8u left = {4, 4, 4, 4, 2, 2, 2, 2}, right = {0, 0, 0, 0, 2, 2, 2, 2};
      v8u high = (v8u)join_bytes(h, h);
      w[half] = (c % 2 ? q >> 4 : q & 15) | ((bytes32)(c % 2 ? high >> right : high << left) & 0x30);
      continue;
    }
    w[half] = nibbles(block + (element == ck_q5_k ? 48 : 16) + 32 * c + 16 * half);
    if (element == ck_q5_k) {
      bytes16 h = *(const bytes16_any *)(block + 16 + 16 * half);
      v8u high = (v8u)join_bytes(h, h);
      const uint32_t a = (uint32_t)(c < 2 ? 4 - 2 * c : 2 * c - 4), b = (uint32_t)(c < 2 ? 3 - 2 * c : 2 * c - 3);
      const v8u by = {a, a, a, a, b, b, b, b};
      w[half] |= (bytes32)(c < 2 ? high << by : high >> by) & 16;
    }
  }
}

// Chunk `c` of a round as bytes in the order of the activations; the second block of it may be missing.
INLINE void open_chunk(const ck_element element, const uint8_t *round, int c, bool both, bytes32 w[2]) {
  if (element == ck_q8) {
    w[0] = *(const bytes32_any *)(round + 64 * c);
    w[1] = *(const bytes32_any *)(round + 64 * c + 32);
  } else if (quant_is_super(element)) {
    open_chunk_of_super(element, round, c, w);
  } else {
    const uint8_t *first = round + 2 * (size_t)c * block_bytes(element);
    // In place of one that is missing, any: zeros meet it.
    open_two_blocks(element, first, both ? first + block_bytes(element) : first, w);
  }
}

// What bytes are off by, as a power of two; 0 if they are not.
INLINE int few_offset_bits(const ck_element element) { return element == ck_q8 ? 7 : quant_offset_bits(element); }

// A number in half precision of each of `count` blocks, at most eight; zero for the others.
INLINE v8f halves_of_blocks(const ck_element element, const uint8_t *block, size_t at, size_t count) {
#if CK_WIDTH == 512
  if (block_bytes(element) == 18 && count == 8) {
    typedef uint16_t v32s __attribute__((ext_vector_type(32), aligned(1)));
    const __m512i places = _mm512_zextsi128_si512(_mm_setr_epi16(0, 9, 18, 27, 36, 45, 54, 63));
    __m512i both = _mm512_permutex2var_epi16(
      (__m512i)*(const v32s *)(block + at), places, (__m512i)*(const v32s *)(block + at + 64));
    return _mm256_cvtph_ps(_mm512_castsi512_si128(both));
  }
#endif
  uint16_t h[8] = {0};
  for (size_t i = 0; i < count; i++) memcpy(h + i, block + i * block_bytes(element) + at, sizeof *h);
  return load_eight_as_f32(ck_f16, h, 0);
}

// The first `count` of eight numbers; zero for the others, which are not read.
INLINE v8f first_of_eight(const float *x, size_t count) {
#if CK_WIDTH == 512
  return (v8f)_mm256_maskz_loadu_ps((__mmask8)((1u << count) - 1), x);
#elif CK_WIDTH == 256
  typedef int32_t eight __attribute__((ext_vector_type(8)));
  eight is_there = (eight){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)count;
  return (v8f)_mm256_maskload_ps(x, (__m256i)is_there);
#else
  v8f y = 0;
  memcpy(&y, x, count * sizeof *x);
  return y;
#endif
}

// The scales of eight groups of a block of 256, and their minima.
INLINE void eight_scales(const uint8_t *block, v8f *scale, v8f *minimum) {
  typedef uint32_t words __attribute__((ext_vector_type(4)));
  uint32_t s[3];
  memcpy(s, block + 4, sizeof s);
  words packed = {s[0] & 0x3F3F3F3F, (s[2] & 0x0F0F0F0F) | ((s[0] >> 6 & 0x03030303) << 4), s[1] & 0x3F3F3F3F,
                  (s[2] >> 4 & 0x0F0F0F0F) | ((s[1] >> 6 & 0x03030303) << 4)};
  vf both = __builtin_convertvector(__builtin_convertvector((bytes16)packed, vi), vf);
  *scale = both.lo * half_at(block);
  *minimum = both.hi * -half_at(block + 2);
}

// Scales of the units of a round, of which `units` of eight are there, and minima.
typedef struct {
  v8f scale, second;  // the second is that of units 8 to 15
  v8f minimum;
} round_scales;

INLINE round_scales scales_of_round(
  const ck_element element, const uint8_t *round, const float *scales, size_t units) {
  round_scales s = {0};
  if (element == ck_q8) {
    s.scale = units == 8 ? *(const v8f_any *)scales : first_of_eight(scales, units);
  } else if (element == ck_q6_k) {
    typedef int8_t signed16 __attribute__((ext_vector_type(16)));
    signed16 x;
    memcpy(&x, round + 192, sizeof x);
    vf all = __builtin_convertvector(__builtin_convertvector(x, vi), vf) * half_at(round + 208);
    s.scale = all.lo;
    s.second = all.hi;
  } else if (quant_is_super(element)) {
    eight_scales(round, &s.scale, &s.minimum);
  } else {
    s.scale = halves_of_blocks(element, round, 0, units);
    if (quant_has_minimum(element)) s.minimum = halves_of_blocks(element, round, 2, units);
  }
  return s;
}

// Scales of the activations for eight units of so many columns, from chunk `chunk` on.
INLINE v8f activation_scales(const int unit, const float *scale, size_t chunk, int second) {
  const float *s = scale + chunk;
  if (unit == 64) return *(const v8f_any *)s;
  typedef float four __attribute__((ext_vector_type(4), aligned(4)));
  four x = *(const four *)s;
  if (unit == 32) return __builtin_shufflevector(x, x, 0, 0, 1, 1, 2, 2, 3, 3);
  return second ? __builtin_shufflevector(x, x, 2, 2, 2, 2, 3, 3, 3, 3)
                : __builtin_shufflevector(x, x, 0, 0, 0, 0, 1, 1, 1, 1);
}

// The rows of activations that a weight row meets, and what is known of each sum so far.
typedef struct {
  few_activations x[CK_FEW_IN_ORDER];
  v8f sum[CK_FEW_IN_ORDER], second[CK_FEW_IN_ORDER];
} few_in_order;

// Sums of the units of a round with each row, in order: eight of them, or sixteen.
INLINE void dot_round(
  const int rows, const ck_element element, const bool whole, const few_in_order *f, const uint8_t *round, size_t chunk,
  size_t halves, v8i sums[2][CK_FEW_IN_ORDER]) {
  const int unit = few_unit(element);
  const int chunks = (int)few_round(element) / few_chunk_numbers;
  // Sums of a chunk's units become four lanes, two or one, while chunks are joined.
  v8i pair[4][CK_FEW_IN_ORDER];
#pragma clang loop unroll(full)
  for (int p = 0; p < chunks / 2; p++) {
    v8i one[2][CK_FEW_IN_ORDER];
#pragma clang loop unroll(full)
    for (int c = 2 * p; c < 2 * p + 2; c++) {
      if (!whole && 2 * (size_t)c >= halves) {
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) one[c % 2][i] = (v8i)(0);
        continue;
      }
      bytes32 w[2];
      open_chunk(element, round, c, whole || 2 * (size_t)c + 1 < halves, w);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        const few_chunk *x = f->x[i].x + chunk + c;
        one[c % 2][i] = unit == 16 ? add_neighbours(dot_part(1, w, x, 0), dot_part(1, w + 1, x, 32))
                                   : dot_part(2, w, x, 0);
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) pair[p][i] = add_neighbours(one[0][i], one[1][i]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    if (unit == 64) {
      sums[0][i] = add_halves(add_neighbours(pair[0][i], pair[1][i]), add_neighbours(pair[2][i], pair[3][i]));
    } else if (unit == 32) {
      v8i all = add_neighbours(pair[0][i], pair[1][i]);
      sums[0][i] = __builtin_shufflevector(all, all, 0, 4, 1, 5, 2, 6, 3, 7);
    } else {
      sums[0][i] = __builtin_shufflevector(pair[0][i], pair[0][i], 0, 1, 4, 5, 2, 3, 6, 7);
      sums[1][i] = __builtin_shufflevector(pair[1][i], pair[1][i], 0, 1, 4, 5, 2, 3, 6, 7);
    }
  }
}

// A round of weights with all rows. `halves` of its parts of 32 columns are there.
INLINE void meet_round(
  const int rows, const ck_element element, const bool whole, few_in_order *f, const uint8_t *round,
  const float *scales, size_t chunk, size_t halves) {
  const int unit = few_unit(element), offset = few_offset_bits(element);
  v8i sums[2][CK_FEW_IN_ORDER];
  dot_round(rows, element, whole, f, round, chunk, halves, sums);
  round_scales s = scales_of_round(element, round, scales, whole ? 8 : unit == 64 ? halves / 2 : halves);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    const few_activations *x = &f->x[i];
    const int32_t *of_activations =
      unit == 64 ? x->sum64 + chunk : unit == 32 ? x->sum32 + 2 * chunk : x->sum16 + 4 * chunk;
    v8i sum = sums[0][i];
    if (offset) sum -= *(const v8i_any *)of_activations << offset;
    f->sum[i] += __builtin_convertvector(sum, v8f) * (s.scale * activation_scales(unit, x->scale, chunk, 0));
    if (unit == 16) {
      v8i second = sums[1][i] - (*(const v8i_any *)(of_activations + 8) << offset);
      f->second[i] += __builtin_convertvector(second, v8f) * (s.second * activation_scales(unit, x->scale, chunk, 1));
    }
    if (quant_has_minimum(element)) f->sum[i] += s.minimum * *(const v8f_any *)(x->total + 2 * chunk);
  }
}

// What is left of a row behind its whole rounds. One row of activations is what short rows of weights wait for: there each
// even number of parts has a loop of its own.
INLINE void meet_rest(
  const int rows, const ck_element element, few_in_order *f, const uint8_t *round, const float *scales, size_t chunk,
  size_t halves) {
  if (rows == 1 && halves == 2) meet_round(rows, element, false, f, round, scales, chunk, 2);
  else if (rows == 1 && halves == 4) meet_round(rows, element, false, f, round, scales, chunk, 4);
  else if (rows == 1 && halves == 6) meet_round(rows, element, false, f, round, scales, chunk, 6);
  else meet_round(rows, element, false, f, round, scales, chunk, halves);
}

// Asks for what comes later in a row: of bytes on each CPU, of blocks where it does not harm.
INLINE void ask_ahead(const ck_element element, const uint8_t *weights, size_t count) {
  if (element == ck_q8) {
    bool into_second = CK_WIDTH == 512 || ck_memory_here.follows_streams;
    for (size_t at = 0; at < count; at += 64) {
      if (into_second) __builtin_prefetch(weights + 8192 + at, 0, 2);
      else __builtin_prefetch(weights + CK_FEW_AHEAD + at);
    }
    return;
  }
  size_t ahead = ck_memory_here.bytes_ahead;
  if (ahead)
    for (size_t at = 0; at < count; at += 64) __builtin_prefetch(weights + ahead + at);
}

// Weight rows begin ..< end, with activations first ..< first + rows.
INLINE void few_rows_in_order(
  const int rows, const ck_element element, const ck_few_rows_call *call, size_t first, size_t begin, size_t end) {
  const size_t round = few_round(element), bytes = few_round_bytes(element);
  const size_t columns = element == ck_q8 ? few_chunks(call->columns) * few_chunk_numbers : call->columns;
  const size_t row_bytes = element == ck_q8 ? columns : columns / block_numbers(element) * block_bytes(element);
  few_in_order f;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) f.x[i] = few_activations_of(call->packed, first + (size_t)i, call->columns);
  for (size_t n = begin; n < end; n++) {
    const uint8_t *weights = (const uint8_t *)call->weights + n * row_bytes;
    const float *scales = element == ck_q8 ? call->scales + n * (columns / few_chunk_numbers) : NULL;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) f.sum[i] = f.second[i] = (v8f)(0.0f);
    size_t j = 0;
    for (; j + round <= columns; j += round, weights += bytes) {
      ask_ahead(element, weights, bytes);
      meet_round(rows, element, true, &f, weights, scales ? scales + j / 64 : NULL, j / 64, round / 32);
    }
    if (!quant_is_super(element) && j < columns) {
      ask_ahead(element, weights, row_bytes - j / round * bytes);
      meet_rest(rows, element, &f, weights, scales ? scales + j / 64 : NULL, j / 64, (columns - j) / 32);
    }
    float bias = call->bias ? call->bias[n] : 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      float *z = call->output + (first + (size_t)i) * call->output_stride + n;
      float sum = sum_eight(few_unit(element) == 16 ? f.sum[i] + f.second[i] : f.sum[i]);
      sum += bias;
      *z = call->adding ? *z + sum : sum;
    }
  }
}
