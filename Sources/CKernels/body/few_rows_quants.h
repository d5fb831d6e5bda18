// Products of few rows with weights of a few bits in blocks, which are opened where they lie, once for all rows.
//
// Activations have sixteen bits, four columns to a lane: as two signed bytes with VNNI, 256 · high + low, else as 16-bit
// numbers, the even columns of a lane and the odd ones. Sums of a chunk are exact, so each kind of CPU forms the same.
// What a format's numbers are off by, and minima, are multiplied with the sums of the activations.
//
//     packed  rows × { chunks × few_chunk; float total[2 · chunks]; float half_total[4 · chunks]; float scale[chunks] },
//             each row at a multiple of 64
//
// The last chunk is padded with zeros. There is a total for each group of 32, and for each half of one.
typedef struct {
#if CK_VNNI
  int8_t high[2 * quant_group], low[2 * quant_group];
#else
  int16_t even[quant_group], odd[quant_group];
#endif
} few_chunk;

enum {
  few_chunk_numbers = 2 * quant_group,
  few_chunk_levels = 127 * 256,
  // Chunks whose scales are looked up together.
  few_chunks_at_once = 4,
};

// Whole groups of chunks: what is past the columns is zero.
INLINE size_t few_quants_chunks(size_t columns) {
  return round_up((columns + few_chunk_numbers - 1) / few_chunk_numbers, few_chunks_at_once);
}
INLINE size_t few_quants_row(size_t chunks) {
  return round_up(chunks * (sizeof(few_chunk) + 7 * sizeof(float)), 64);
}

// One chunk of one row: its scale, and the sums of its groups and of their halves.
INLINE float pack_chunk(const vf x[4], few_chunk *y, float total[2], float half_total[4]) {
  float largest = group_magnitude(x), inverse = largest > 0 ? few_chunk_levels / largest : 0;
  float scale = largest / few_chunk_levels;
  for (int i = 0; i < 4; i++) {
    vi rounded = round_lanes(x[i] * inverse);
#if CK_VNNI
    typedef int8_t signed16 __attribute__((ext_vector_type(16)));
    signed16 low = __builtin_convertvector(rounded, signed16);
    signed16 high = __builtin_convertvector((rounded + 128) >> 8, signed16);
    memcpy(y->low + i * lanes, &low, sizeof low);
    memcpy(y->high + i * lanes, &high, sizeof high);
#else
    typedef int16_t pairs8 __attribute__((ext_vector_type(8)));
    pairs8 even = __builtin_convertvector(rounded.even, pairs8), odd = __builtin_convertvector(rounded.odd, pairs8);
    memcpy(y->even + i * lanes / 2, &even, sizeof even);
    memcpy(y->odd + i * lanes / 2, &odd, sizeof odd);
#endif
    half_total[i] = (float)__builtin_reduce_add(rounded) * scale;
  }
  for (int i = 0; i < 2; i++) total[i] = half_total[2 * i] + half_total[2 * i + 1];
  return scale;
}

static void pack_few_rows_quants(const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  size_t chunks = few_quants_chunks(columns);
  for (size_t row = 0; row < rows; row++) {
    few_chunk *y = (few_chunk *)((char *)packed + row * few_quants_row(chunks));
    float *totals = (float *)(y + chunks), *half_totals = totals + 2 * chunks, *scales = half_totals + 4 * chunks;
    for (size_t c = 0; c < chunks; c++) {
      vf numbers[4];
      size_t at = c * few_chunk_numbers;
      load_group(ck_f32, x + row * stride, at, at < columns ? columns - at : 0, numbers);
      scales[c] = pack_chunk(numbers, y + c, totals + 2 * c, half_totals + 4 * c);
    }
  }
}

// Σ_i u[l][i] · x[l][i] of each lane l.
INLINE vi dot_chunk(vi u, const few_chunk *x) {
#if CK_VNNI
  vi high = multiply_add_bytes((vi)(0), u, *(const vi_any *)x->high);
  return multiply_add_bytes(high << 8, u, *(const vi_any *)x->low);
#else
  vi even = multiply_add_pairs((vi)(0), u & 0x00FF00FF, *(const vi_any *)x->even);
  return multiply_add_pairs(even, (vi)((vu)u >> 8) & 0x00FF00FF, *(const vi_any *)x->odd);
#endif
}

typedef float four __attribute__((ext_vector_type(4)));
typedef float eight __attribute__((ext_vector_type(8)));

// The rows of activations that a weight row meets, and what is known of each so far.
typedef struct {
  const few_chunk *x[CK_FEW_QUANTS];
  const float *total[CK_FEW_QUANTS], *half_total[CK_FEW_QUANTS], *scale[CK_FEW_QUANTS];
  vf sum[CK_FEW_QUANTS];
  // Of what is to be taken off, or added.
  vf rest[CK_FEW_QUANTS];
} few_quants;

// A chunk of weights, whose scale is spread over the lanes of its columns, with all rows.
INLINE void meet_chunk(const int rows, few_quants *f, size_t chunk, vi weights, vf scale) {
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
    f->sum[i] += __builtin_convertvector(dot_chunk(weights, f->x[i] + chunk), vf) * (scale * f->scale[i][chunk]);
}

// The bytes of two blocks of 32, less what they are off by.
INLINE vi chunk_of_blocks(const ck_element element, const uint8_t *first, const uint8_t *second) {
  if (element == ck_q8_0) return (vi)join_groups(block_numbers_as_bytes(element, first), block_numbers_as_bytes(element, second));
  // Sixteen bytes of each, twice, the second time four bits further on: cheaper than to shift and to join.
  const int at = element == ck_q4_1 ? 4 : element == ck_q5_0 ? 6 : element == ck_q5_1 ? 8 : 2;
  bytes16 a = *(const bytes16_any *)(first + at), b = *(const bytes16_any *)(second + at);
  vu twice = (vu)join_groups(join_bytes(a, a), join_bytes(b, b));
  bytes64 q = (bytes64)(twice >> (vu){0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4}) & 15;
  if (element == ck_iq4_nl) q = join_groups(look_up_values(q.lo), look_up_values(q.hi));
  if (element == ck_q5_0) q |= join_groups(fifth_bits(first + 2), fifth_bits(second + 2));
  if (element == ck_q5_1) q |= join_groups(fifth_bits(first + 4), fifth_bits(second + 4));
  return (vi)q;
}

// A number in half precision of each of `count` blocks, at most eight; zero for the others.
INLINE eight halves_of_blocks(const ck_element element, const uint8_t *block, size_t at, size_t count) {
  uint16_t h[8] = {0};
  for (size_t i = 0; i < count; i++) memcpy(h + i, block + i * block_bytes(element) + at, sizeof *h);
#if CK_HAS_F16C
  typedef _Float16 halves __attribute__((ext_vector_type(8)));
  halves x;
  memcpy(&x, h, sizeof x);
  return __builtin_convertvector(x, eight);
#else
  vs x = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]};
  return half_to_f32(x).lo;
#endif
}

INLINE vf spread_scales(eight s, const int chunk) {
#define SPREAD(a, b) __builtin_shufflevector(s, s, a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b)
  return chunk == 0 ? SPREAD(0, 1) : chunk == 1 ? SPREAD(2, 3) : chunk == 2 ? SPREAD(4, 5) : SPREAD(6, 7);
#undef SPREAD
}

INLINE eight load_eight(const float *x) {
  typedef float eight_any __attribute__((ext_vector_type(8), aligned(4)));
  return *(const eight_any *)x;
}

// `count` blocks of 32, at most eight, from chunk `chunk` on; past the last one, zeros meet zeros.
INLINE void meet_blocks(
  const int rows, const ck_element element, few_quants *f, const uint8_t *block, size_t chunk, size_t count) {
  const size_t size = block_bytes(element);
  eight scale = halves_of_blocks(element, block, 0, count);
#pragma clang loop unroll(full)
  for (int c = 0; c < few_chunks_at_once; c++) {
    if (2 * (size_t)c >= count) break;
    const uint8_t *first = block + 2 * (size_t)c * size;
    const uint8_t *second = 2 * (size_t)c + 1 < count ? first + size : first;
    meet_chunk(rows, f, chunk + (size_t)c, chunk_of_blocks(element, first, second), spread_scales(scale, c));
  }
  eight rest = quant_has_minimum(element) ? halves_of_blocks(element, block, 2, count)
                                          : scale * -(float)quant_offset(element);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) f->rest[i].lo += rest * load_eight(f->total[i] + 2 * chunk);
}

// The scales of eight groups, and their minima.
INLINE void eight_scales(const uint8_t *block, eight *scale, eight *minimum) {
  typedef uint32_t words __attribute__((ext_vector_type(4)));
  uint32_t s[3];
  memcpy(s, block + 4, sizeof s);
  words packed = {s[0] & 0x3F3F3F3F, (s[2] & 0x0F0F0F0F) | ((s[0] >> 6 & 0x03030303) << 4), s[1] & 0x3F3F3F3F,
                  (s[2] >> 4 & 0x0F0F0F0F) | ((s[1] >> 6 & 0x03030303) << 4)};
  vf both = __builtin_convertvector(__builtin_convertvector((bytes16)packed, vi), vf);
  *scale = both.lo * half_at(block);
  *minimum = both.hi * half_at(block + 2);
}

// Chunk `c` of a block of 256.
INLINE vi chunk_of_super(const ck_element element, const uint8_t *block, const int c) {
  const vu low_first = {0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4};
  if (element == ck_q6_k) {
    typedef uint8_t bytes64_any __attribute__((ext_vector_type(64), aligned(1)));
    bytes64 low = *(const bytes64_any *)(block + 64 * (c / 2));
    bytes32 h = *(const bytes32_any *)(block + 128 + 32 * (c / 2));
    vu high = (vu)join_groups(h, h);
    const vu left = {4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2}, right = {0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2};
    high = c % 2 ? high >> right : high << left;
    if (c % 2) low = (bytes64)((vu)low >> 4);
    return (vi)((low & 15) | ((bytes64)high & 0x30));
  }
  bytes32 q = *(const bytes32_any *)(block + (element == ck_q5_k ? 48 : 16) + 32 * c);
  bytes64 both = (bytes64)((vu)join_groups(q, q) >> low_first) & 15;
  if (element == ck_q5_k) {
    bytes32 h = *(const bytes32_any *)(block + 16);
    vu high = (vu)join_groups(h, h);
    const uint32_t first = (uint32_t)(c < 2 ? 4 - 2 * c : 2 * c - 4), second = (uint32_t)(c < 2 ? 3 - 2 * c : 2 * c - 3);
    const vu by = {first,  first,  first,  first,  first,  first,  first,  first,
                   second, second, second, second, second, second, second, second};
    both |= (bytes64)(c < 2 ? high << by : high >> by) & 16;
  }
  return (vi)both;
}

// A block of 256, the one with number `number`: four chunks.
INLINE void meet_super(const int rows, const ck_element element, few_quants *f, const uint8_t *block, size_t number) {
  eight scale = 0, minimum = 0;
  vf halves = 0;
  if (element == ck_q6_k) {
    typedef int8_t signed16 __attribute__((ext_vector_type(16)));
    signed16 s;
    memcpy(&s, block + 192, sizeof s);
    halves = __builtin_convertvector(__builtin_convertvector(s, vi), vf) * half_at(block + 208);
  } else {
    eight_scales(block, &scale, &minimum);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < few_chunks_at_once; c++) {
    vf spread;
#define SPREAD(a)                                                                                                     \
  __builtin_shufflevector(                                                                                            \
    halves, halves, a, a, a, a, a + 1, a + 1, a + 1, a + 1, a + 2, a + 2, a + 2, a + 2, a + 3, a + 3, a + 3, a + 3)
    if (element == ck_q6_k) spread = c == 0 ? SPREAD(0) : c == 1 ? SPREAD(4) : c == 2 ? SPREAD(8) : SPREAD(12);
    else spread = spread_scales(scale, c);
#undef SPREAD
    meet_chunk(rows, f, few_chunks_at_once * number + (size_t)c, chunk_of_super(element, block, c), spread);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    if (element == ck_q6_k) f->rest[i] -= halves * 32.0f * load(f->half_total[i] + 16 * number);
    else f->rest[i].lo -= minimum * load_eight(f->total[i] + 8 * number);
  }
}

// Asks for memory ahead where the CPU does not by itself: blocks are read with gaps and in steps that are no lines.
INLINE void ask_ahead(const uint8_t *weights, size_t count) {
  size_t ahead = ck_bytes_ahead;
  if (ahead)
    for (size_t at = 0; at < count; at += 64) __builtin_prefetch(weights + ahead + at);
}

// sums[x] = Σ_j weights[row][j] · x[x][j].
INLINE void dot_quants(
  const int rows, const ck_element element, const ck_few_rows_call *call, size_t row, size_t first,
  float sums[CK_FEW_QUANTS]) {
  size_t chunks = few_quants_chunks(call->columns), groups = call->columns / quant_group;
  const size_t size = block_bytes(element);
  const uint8_t *weights = (const uint8_t *)call->weights + row * (groups / quant_block_groups(element)) * size;
  few_quants f;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    f.x[i] = (const few_chunk *)((const char *)call->packed + (first + i) * few_quants_row(chunks));
    f.total[i] = (const float *)(f.x[i] + chunks);
    f.half_total[i] = f.total[i] + 2 * chunks;
    f.scale[i] = f.half_total[i] + 4 * chunks;
    f.sum[i] = f.rest[i] = splat(0);
  }
  size_t g = 0;
  if (quant_is_super(element))
    for (; g < groups; g += 8, weights += size) {
      ask_ahead(weights, size);
      meet_super(rows, element, &f, weights, g / 8);
    }
  for (; g + 8 <= groups; g += 8, weights += 8 * size) {
    ask_ahead(weights, 8 * size);
    meet_blocks(rows, element, &f, weights, g / 2, 8);
  }
  if (g < groups) meet_blocks(rows, element, &f, weights, g / 2, groups - g);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) sums[i] = sum_lanes(f.sum[i] + f.rest[i]);
}

INLINE void few_quants_block(
  const int rows, const ck_element element, const ck_few_rows_call *call, size_t first, size_t begin, size_t end) {
  float *y = call->output + first * call->output_stride;
  for (size_t n = begin; n < end; n++) {
    float sums[CK_FEW_QUANTS];
    dot_quants(rows, element, call, n, first, sums);
    for (int i = 0; i < rows; i++) {
      float *z = y + i * call->output_stride + n, sum = sums[i] + (call->bias ? call->bias[n] : 0);
      *z = call->adding ? *z + sum : sum;
    }
  }
}

#define CK_QUANT(element)                                                                                             \
  static void few_##element(const ck_few_rows_call *call, size_t first, size_t rows, size_t begin, size_t end) {      \
    switch (rows) {                                                                                                   \
    case 1: few_quants_block(1, element, call, first, begin, end); break;                                             \
    case 2: few_quants_block(2, element, call, first, begin, end); break;                                             \
    case 3: few_quants_block(3, element, call, first, begin, end); break;                                             \
    case 4: few_quants_block(4, element, call, first, begin, end); break;                                             \
    }                                                                                                                 \
  }
CK_EACH_QUANT(CK_QUANT)
#undef CK_QUANT

static void few_rows_quants(const ck_few_rows_call *call, size_t begin, size_t end) {
  size_t blocks = (call->rows + CK_FEW_QUANTS - 1) / CK_FEW_QUANTS;
  for (size_t block = 0; block < blocks; block++) {
    size_t first = call->rows * block / blocks, rows = call->rows * (block + 1) / blocks - first;
    switch (call->element) {
#define CK_QUANT(element) \
  case element: few_##element(call, first, rows, begin, end); break;
      CK_EACH_QUANT(CK_QUANT)
#undef CK_QUANT
    default: break;
    }
  }
}
