// Activations for products of few rows with weights of eight bits or less.
//
// They have sixteen bits, with a scale for each chunk of 64 columns, four columns to a lane: as two signed bytes with
// VNNI, 256 · high + low, else as 16-bit numbers, the even columns of a lane and the odd ones. For weights in blocks the
// second quarter of a chunk changes places with the third: so the low bits of two blocks, which are their first halves,
// lie beside each other.
//
// A weight row is cut into units that have one scale: 16, 32 or 64 columns. The sum of a unit's products is an integer,
// and exact. Unit u is number u % C of a round of C units, and adds to the C-th part of a sum, one after the other; at the
// end the parts are added up. So a row has the same bits on each way through these loops: row by row with columns across
// the lanes, or sixteen weight rows at a time with these across the lanes.
//
//     packed  rows × { chunks × few_chunk; int32 sum[7][rounded]; float total[2][rounded]; float scale[rounded] },
//             each row at a multiple of 64
//
// Chunks are rounded up to whole rounds in all but the first; what is past the columns is zero there. Sums are those of
// the activations over units of 16, 32 and 64 columns, side by side; they serve for what weights are off by. Totals are
// multiplied with minima: sums over 32 columns, times the scale.
typedef struct {
#if CK_VNNI
  int8_t high[64], low[64];
#else
  int16_t even[32], odd[32];
#endif
} few_chunk;

enum {
  few_chunk_numbers = 64,
  few_chunk_levels = 127 * 256,
};

// One row of them.
typedef struct {
  const few_chunk *x;
  const int32_t *sum16, *sum32, *sum64;
  const float *total, *scale;
} few_activations;

INLINE size_t few_chunks(size_t columns) { return (columns + few_chunk_numbers - 1) / few_chunk_numbers; }
INLINE size_t few_rounded(size_t chunks) { return round_up(chunks, 8); }
INLINE size_t few_packed_row(size_t chunks) {
  return round_up(chunks * sizeof(few_chunk) + few_rounded(chunks) * 10 * sizeof(float), 64);
}

INLINE few_activations few_activations_of(const void *packed, size_t row, size_t columns) {
  size_t chunks = few_chunks(columns), rounded = few_rounded(chunks);
  few_activations a;
  a.x = (const few_chunk *)((const char *)packed + row * few_packed_row(chunks));
  a.sum16 = (const int32_t *)(a.x + chunks);
  a.sum32 = a.sum16 + 4 * rounded;
  a.sum64 = a.sum32 + 2 * rounded;
  a.total = (const float *)(a.sum64 + rounded);
  a.scale = a.total + 2 * rounded;
  return a;
}

// Sums across lanes, several at once: neighbours within each half of both, a's first; then the halves.
INLINE v8i add_neighbours(v8i a, v8i b) {
  return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
         __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}
INLINE v8i add_halves(v8i a, v8i b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

// Where quarter `quarter` of a chunk lies in it, in columns.
INLINE size_t few_quarter(bool in_blocks, size_t quarter) {
  return 16 * (in_blocks ? (quarter & 1) * 2 + (quarter >> 1) : quarter);
}

// One chunk of one row: its scale, and the sums of its quarters, added up in part.
INLINE float pack_chunk(bool in_blocks, const vf x[4], few_chunk *y, v8i quarters[4]) {
  float largest = group_magnitude(x), inverse = largest > 0 ? few_chunk_levels / largest : 0;
  for (size_t i = 0; i < 4; i++) {
    vi rounded = round_lanes(x[i] * inverse);
    size_t at = few_quarter(in_blocks, i);
#if CK_VNNI
    typedef int8_t signed16 __attribute__((ext_vector_type(16)));
    signed16 low = __builtin_convertvector(rounded, signed16);
    signed16 high = __builtin_convertvector((rounded + 128) >> 8, signed16);
    memcpy(y->low + at, &low, sizeof low);
    memcpy(y->high + at, &high, sizeof high);
#else
    typedef int16_t pairs8 __attribute__((ext_vector_type(8)));
    pairs8 even = __builtin_convertvector(rounded.even, pairs8), odd = __builtin_convertvector(rounded.odd, pairs8);
    memcpy(y->even + at / 2, &even, sizeof even);
    memcpy(y->odd + at / 2, &odd, sizeof odd);
#endif
    quarters[i] = rounded.lo + rounded.hi;
  }
  return largest / few_chunk_levels;
}

static void pack_few_in_order(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  const bool in_blocks = element != ck_q8;
  size_t chunks = few_chunks(columns), rounded = few_rounded(chunks);
  for (size_t row = 0; row < rows; row++) {
    few_activations a = few_activations_of(packed, row, columns);
    few_chunk *y = (few_chunk *)a.x;
    int32_t *sum16 = (int32_t *)a.sum16, *sum32 = (int32_t *)a.sum32, *sum64 = (int32_t *)a.sum64;
    float *total = (float *)a.total, *scale = (float *)a.scale;
    // Two chunks at a time: the sums of eight quarters.
    for (size_t c = 0; c < rounded; c += 2) {
      v8i quarters[8] = {0};
      for (size_t i = 0; i < 2; i++) {
        scale[c + i] = 0;
        if (c + i >= chunks) continue;
        vf numbers[4];
        size_t at = (c + i) * few_chunk_numbers;
        load_group(ck_f32, x + row * stride, at, columns - at, numbers);
        scale[c + i] = pack_chunk(in_blocks, numbers, y + c + i, quarters + 4 * i);
      }
      v8i first = add_neighbours(add_neighbours(quarters[0], quarters[1]), add_neighbours(quarters[2], quarters[3]));
      v8i second = add_neighbours(add_neighbours(quarters[4], quarters[5]), add_neighbours(quarters[6], quarters[7]));
      v8i sums = add_halves(first, second);
      v4i halves = sums.even + sums.odd;
      memcpy(sum16 + 4 * c, &sums, sizeof sums);
      memcpy(sum32 + 2 * c, &halves, sizeof halves);
      typedef int32_t v2i __attribute__((ext_vector_type(2)));
      v2i whole = halves.even + halves.odd;
      memcpy(sum64 + c, &whole, sizeof whole);
      for (size_t h = 0; h < 4; h++) total[2 * c + h] = (float)halves[h] * scale[c + h / 2];
    }
  }
}
