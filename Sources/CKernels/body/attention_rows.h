// One block of query rows against one block of tokens: scores, then weights, then the sum of values.
//
// Scores and weights are powers of two, not of e: log2(e) is folded into the packed queries.

enum {
  // Tokens whose scores are held at once.
  block_tokens = 128,
  block_tiles = block_tokens / ck_tile_tokens,
  // From so many rows on, keys and values are converted to f32 once for a block of tokens, not by each block of rows.
  rows_worth_converting = 3 * CK_ROWS,
};

static const float log2_e = 1.44269504088896341f;
static const float ln_2 = 0.69314718055994531f;

// Memory that is wanted next, asked for little by little: few rows are done with a block of tokens sooner than memory
// has the one after it.
typedef struct {
  const char *next;
  const char *end;
} attention_prefetch;

INLINE attention_prefetch ask_for(attention_prefetch p, size_t bytes) {
  const char *end = (size_t)(p.end - p.next) < bytes ? p.end : p.next + bytes;
  for (; p.next < end; p.next += 64) __builtin_prefetch(p.next);
  return p.next < p.end ? p : (attention_prefetch){p.end, p.end};
}

// One block of rows against one block of tokens.
typedef struct {
  const float *queries;  // [head_dimension][rows]
  const char *keys;      // tiles of the block
  const char *values;
  size_t key_tile_bytes;
  size_t value_tile_bytes;
  size_t head_dimension;
  size_t padded_dimension;       // from one token's values to the next's
  int32_t begin, end;            // tokens of the block that some row sees
  const int32_t *row_begin;      // per row, in tokens of the block, clamped to it
  const int32_t *row_end;
  const int32_t *key_positions;  // NULL without ALiBi
  const int32_t *row_positions;
  const float *row_slopes;       // times log2(e)
  float softcap;                 // times log2(e); 0 without one
  attention_prefetch next_keys;
  attention_prefetch next_values;
  float *sums;                   // rows × [padded_dimension]
  float *maxima;
  float *denominators;
} attention_block;

// scores[r][tile · 16 …] for tiles first..<first + vectors, asking for `share` bytes at each eighth dimension, or, where
// rows give memory the time, for four times as many at each thirty-second.
INLINE attention_prefetch score_tiles(
  const int rows, const int vectors, const ck_element element, const attention_block *b, size_t first,
  attention_prefetch prefetch, size_t share, float scores[CK_ROWS][block_tokens]) {
  vf c[CK_ROWS][CK_WIDE] = {0}, lane_scales[CK_WIDE];
  const multiply_scales scales = {.lanes = element == ck_q8 ? lane_scales : NULL};
  const size_t dimension = b->head_dimension, tile = b->key_tile_bytes;
  const char *keys = b->keys + first * tile;
  const size_t step = rows == CK_ROWS ? kv_q8_group : 8;
  for (size_t d = 0; d < dimension; d += step) {
    if (element == ck_q8 && d % kv_q8_group == 0)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) lane_scales[v] = load_kv_scales(keys + v * tile, dimension, d);
    prefetch = ask_for(prefetch, share * (step / 8));
    multiply_add(
      rows, vectors, element, b->queries + d * rows, rows, 1, keys + d * ck_tile_tokens * element_bytes(element),
      ck_tile_tokens, tile / element_bytes(element), scales, dimension - d < step ? dimension - d : step, c);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) store(&scores[r][(first + v) * ck_tile_tokens], c[r][v]);
  return prefetch;
}

// sums[r][first …] = change[r] · sums[r][first …] + Σ_t scores[r][t] · values[t][first …], asking for `share` bytes at
// each tile.
INLINE attention_prefetch add_values(
  const int rows, const int vectors, const ck_element element, const attention_block *b, size_t first,
  attention_prefetch prefetch, size_t share, const float *change, const float scores[CK_ROWS][block_tokens]) {
  vf c[CK_ROWS][CK_WIDE];
  float step_scales[CK_WIDE][lanes];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      c[r][v] = load(b->sums + r * b->padded_dimension + first + v * lanes) * change[r];
  for (int32_t t = b->begin, next; t < b->end; t = next) {
    int32_t start = t / ck_tile_tokens * ck_tile_tokens;
    next = start + ck_tile_tokens < b->end ? start + ck_tile_tokens : b->end;
    const char *tile = b->values + t / ck_tile_tokens * b->value_tile_bytes;
    multiply_scales scales = {0};
    if (element == ck_q8) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++)
        store(step_scales[v], load_kv_scales(tile, b->head_dimension, first + v * lanes));
      scales.steps = (const float (*)[lanes])(&step_scales[0][t - start]);
    }
    prefetch = ask_for(prefetch, share);
    multiply_add(
      rows, vectors, element, &scores[0][t], 1, block_tokens,
      tile + ((t - start) * b->padded_dimension + first) * element_bytes(element), b->padded_dimension, lanes, scales,
      next - t, c);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) store(b->sums + r * b->padded_dimension + first + v * lanes, c[r][v]);
  return prefetch;
}

// scores = cap · tanh(scores / cap).
static void cap_scores(int rows, int first_tile, int end_tile, float cap, float scores[CK_ROWS][block_tokens]) {
  float inverse = 1 / cap;
  for (int r = 0; r < rows; r++)
    for (float *s = scores[r] + first_tile * lanes; s < scores[r] + end_tile * lanes; s += lanes)
      store(s, cap * tanh_lanes(load(s) * inverse));
}

// Adds biases to the scores of one row and hides what it does not see; the largest of each lane.
INLINE vf mask_row(const attention_block *b, int row, float scores[block_tokens]) {
  int begin = b->row_begin[row], end = b->row_end[row];
  int first_tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  vf largest = splat(-__builtin_inff());
  for (int tile = first_tile; tile < end_tile; tile++) {
    float *s = scores + tile * ck_tile_tokens;
    vf x = load(s);
    if (b->key_positions) {
      vi distance = *(const vi_any *)(b->key_positions + tile * ck_tile_tokens) - b->row_positions[row];
      x += b->row_slopes[row] * __builtin_convertvector(distance, vf);
      store(s, x);
    }
    if (begin > tile * ck_tile_tokens || end < (tile + 1) * ck_tile_tokens) {
      vi token = lane_index() + tile * ck_tile_tokens;
      x = ((token >= begin) & (token < end)) ? x : splat(-__builtin_inff());
      store(s, x);
    }
    largest = max(largest, x);
  }
  return largest;
}

// Turns the scores of one row into weights relative to `base`; the sum of each lane.
INLINE vf weigh_row(const attention_block *b, float base, float scores[block_tokens]) {
  int first_tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  vf total = splat(0);
  for (int tile = first_tile; tile < end_tile; tile++) {
    float *s = scores + tile * ck_tile_tokens;
    vf w = exp2_below_128_lanes(load(s) - base);
    store(s, w);
    total += w;
  }
  return total;
}

// Turns scores into weights relative to the new maximum of each row, and brings denominators up to date. What comes of
// each row goes step by step for all rows, since a row alone would be one long chain of instructions that wait for each
// other.
INLINE void weigh_rows(
  const int rows, const attention_block *b, float scores[CK_ROWS][block_tokens], float changes[lanes]) {
  vf lane_sums[CK_ROWS];
  for (int r = 0; r < rows; r++) lane_sums[r] = mask_row(b, r, scores[r]);
  float differences[lanes] = {0};
  for (int r = 0; r < rows; r++) {
    float before = b->maxima[r], now = max_lanes(lane_sums[r]);
    now = now > before ? now : before;
    differences[r] = before == now ? 0 : before - now;
    b->maxima[r] = now;
  }
  store(changes, exp2_below_128_lanes(load(differences)));
  // A row that has seen nothing yet: weights relative to 0, all of them zero.
  for (int r = 0; r < rows; r++)
    lane_sums[r] = weigh_row(b, b->maxima[r] > -__builtin_inff() ? b->maxima[r] : 0, scores[r]);
  for (int r = 0; r < rows; r++) b->denominators[r] = b->denominators[r] * changes[r] + sum_lanes(lane_sums[r]);
}

INLINE void attend_rows(const int rows, const ck_element element, const attention_block *b) {
  float scores[CK_ROWS][block_tokens] __attribute__((aligned(64)));
  // Few rows: more vectors at a time instead, so that additions need not wait for each other.
  const int vectors = rows * CK_WIDE <= CK_ROWS * CK_VECTORS ? CK_WIDE : CK_VECTORS;

  int tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  attention_prefetch next = b->next_keys;
  size_t share = round_up((next.end - next.next) * 8 / (b->head_dimension * (end_tile - tile)), 64);
  for (; tile + vectors <= end_tile; tile += vectors)
    next = score_tiles(rows, vectors, element, b, tile, next, share * vectors, scores);
  for (; tile < end_tile; tile++) next = score_tiles(rows, 1, element, b, tile, next, share, scores);

  if (b->softcap > 0) cap_scores(rows, b->begin / ck_tile_tokens, end_tile, b->softcap, scores);
  float changes[lanes];
  weigh_rows(rows, b, scores, changes);

  size_t d = 0, dimension = b->padded_dimension;
  next = b->next_values;
  share = round_up((next.end - next.next) * lanes / (dimension * (end_tile - b->begin / ck_tile_tokens)), 64);
  for (; d + vectors * lanes <= dimension; d += vectors * lanes)
    next = add_values(rows, vectors, element, b, d, next, share * vectors, changes, scores);
  for (; d < dimension; d += lanes) next = add_values(rows, 1, element, b, d, next, share, changes, scores);
}

#define CK_ATTEND(rows)                                                                                               \
  static void attend_##rows##_f32(const attention_block *b) { attend_rows(rows, ck_f32, b); }                         \
  static void attend_##rows##_f16(const attention_block *b) { attend_rows(rows, ck_f16, b); }                         \
  static void attend_##rows##_q8(const attention_block *b) { attend_rows(rows, ck_q8, b); }
CK_EACH_ROW_COUNT(CK_ATTEND)
#undef CK_ATTEND

static void (*const attend[][ck_q8 + 1])(const attention_block *) = {
#define CK_ATTEND(rows)                                                                                               \
  [rows] = {[ck_f32] = attend_##rows##_f32, [ck_f16] = attend_##rows##_f16, [ck_q8] = attend_##rows##_q8},
  CK_EACH_ROW_COUNT(CK_ATTEND)
#undef CK_ATTEND
};
