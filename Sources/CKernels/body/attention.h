// Attention of a group of query heads over runs of keys and values, with a running softmax: for each run, and in it each
// block of tokens, and for it each block of rows.

// What scratch holds; the sizes are those of `ck_attention_scratch_bytes`.
typedef struct {
  float *queries;         // `rows_of_block` rows at a time, [head_dimension][rows]
  float *sums;            // rows × [padded head dimension]
  float *maxima;          // rows
  float *denominators;    // rows × [lanes]
  float *keys;            // block_tiles × [head_dimension][16]
  float *values;          // block_tokens × [padded head dimension]
  int32_t *visible;       // tokens × (first, end) in the current run
  int32_t *key_positions; // block_tokens
} attention_scratch;

static attention_scratch divide_scratch(const ck_attention_call *call) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes);
  attention_scratch s;
  float *next = call->scratch;
#define TAKE(count) next; next += round_up(count, 16)
  s.queries = TAKE(rows * dimension);
  s.sums = TAKE(rows * padded);
  s.maxima = TAKE(rows);
  s.denominators = TAKE(rows * lanes);
  s.keys = TAKE(block_tokens * dimension);
  s.values = TAKE(block_tokens * padded);
  s.visible = (int32_t *)TAKE(2 * (size_t)call->tokens);
  s.key_positions = (int32_t *)TAKE(block_tokens);
#undef TAKE
  return s;
}

// Rows of the next block of registers: two blocks of about the same size rather than a full one and a rest, each of which
// reads and converts the same states.
INLINE size_t rows_of_block(size_t left) {
  return left <= CK_ROWS ? left : left < 2 * CK_ROWS ? (left + 1) / 2 : CK_ROWS;
}

// Numbers d ..< d + 8 of eight rows of queries, `count` of which are wanted, one row beside the other. What is written past
// them is what comes next, and is written after this.
INLINE void pack_eight(const float *const rows[8], size_t d, size_t count, float *packed) {
  v8f t[8];
#pragma clang loop unroll(full)
  for (int r = 0; r < 8; r++) t[r] = *(const v8f_any *)(rows[r] + d) * log2_e;
#pragma clang loop unroll(full)
  for (int r = 0; r < 8; r += 2) {
    v8f a = t[r], b = t[r + 1];
    t[r] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    t[r + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    int r = i / 2 * 4 + i % 2;
    v8f a = t[r], b = t[r + 2];
    t[r] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
    t[r + 2] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < 4; r++) {
    v8f a = t[r], b = t[r + 4];
    t[r] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    t[r + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 8; i++) *(v8f_any *)(packed + (d + i) * count) = t[i];
}

static void pack_queries(const ck_attention_call *call, int32_t variant, float *packed) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  const float *queries = call->queries + variant * call->query_variant_stride;
  for (size_t block = 0, count; block < rows; block += count) {
    count = rows_of_block(rows - block);
    _Static_assert(CK_ROWS <= 8, "a square takes a block");
    const float *of_block[8];
    for (size_t r = 0; r < 8; r++) {
      size_t row = block + (r < count ? r : 0);
      of_block[r] = queries + row / call->group * call->query_token_stride + row % call->group * dimension;
    }
    // A square writes past its rows: the last numbers of all go one by one.
    size_t d = 0, end = block + count < rows ? dimension : dimension - 1;
    for (; d + 8 <= end; d += 8) pack_eight(of_block, d, count, packed);
    for (; d < dimension; d++)
      for (size_t r = 0; r < count; r++) packed[d * count + r] = of_block[r][d] * log2_e;
    packed += count * dimension;
  }
}

// The number of leading tokens of the run at positions below `position`.
static int32_t tokens_below(const ck_kv_run *run, int64_t position) {
  if (!run->positions) {
    int64_t count = position - run->first_position;
    return count < 0 ? 0 : count > run->tokens ? run->tokens : (int32_t)count;
  }
  int32_t low = 0, high = run->tokens;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (run->positions[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Where the block of tokens begins that `token` of the run lies in. The first block may be short.
INLINE int32_t block_start(const ck_kv_run *run, int32_t token) {
  int32_t dropped = run->dropped % block_tokens;
  int32_t start = (token + dropped) / block_tokens * block_tokens - dropped;
  return start < 0 ? 0 : start;
}

// Where it ends, if the run goes on that far.
INLINE int32_t block_end(const ck_kv_run *run, int32_t token) {
  int32_t dropped = run->dropped % block_tokens;
  return (token + dropped) / block_tokens * block_tokens + block_tokens - dropped;
}

INLINE int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

// What is seen of a run, in tokens.
typedef struct {
  int32_t begin, end;          // by some row, begin rounded down to whole blocks; end is 0 if no row sees any
  int32_t all_begin, all_end;  // by all rows
} seen_part;

// The part that is seen, and where `visible` is not NULL, what each token sees.
static seen_part find_visible(const ck_attention_call *call, const ck_kv_run *run, int32_t *visible) {
  seen_part seen = {run->tokens, 0, 0, run->tokens};
  for (int32_t t = 0; t < call->tokens; t++) {
    int64_t position = call->positions[t];
    int32_t first = call->window > 0 ? tokens_below(run, position - call->window + 1) : 0;
    int32_t last = tokens_below(run, position + 1);
    if (visible) visible[2 * t] = first, visible[2 * t + 1] = last;
    if (first > seen.all_begin) seen.all_begin = first;
    if (last < seen.all_end) seen.all_end = last;
    if (first >= last) continue;
    if (first < seen.begin) seen.begin = first;
    if (last > seen.end) seen.end = last;
  }
  // Where blocks begin does not depend on who sees them.
  seen.begin = block_start(run, seen.begin);
  return seen;
}

// Whether no token of tiles first ..< end is seen.
INLINE bool is_omitted(const ck_kv_run *run, int32_t first, int32_t end) {
  if (!run->omitted) return false;
  while (first < end && run->omitted[first] == UINT16_MAX) first++;
  return first == end;
}

// Whether some token of tiles first ..< end is not seen.
INLINE bool omits(const ck_kv_run *run, int32_t first, int32_t end) {
  if (!run->omitted) return false;
  while (first < end && run->omitted[first] == 0) first++;
  return first < end;
}

INLINE int32_t tiles_of(int32_t tokens) { return (tokens + ck_tile_tokens - 1) / ck_tile_tokens; }

// The tiles of all runs in the order in which they are read, and then those of the runs ahead.
typedef struct {
  int32_t run, tile, end_tile;
} tile_walk;

// The next tile's keys and values; NULL behind the last one.
static void next_tile(const ck_attention_call *call, tile_walk *walk, const char **keys, const char **values) {
  for (;;) {
    while (walk->tile >= walk->end_tile && walk->run + 1 < call->run_count + call->runs_ahead) {
      const ck_kv_run *run = &call->runs[++walk->run];
      // What another call's rows see is not known here.
      seen_part seen = {0, run->tokens, 0, 0};
      if (walk->run < call->run_count) seen = find_visible(call, run, NULL);
      walk->tile = seen.begin / ck_tile_tokens;
      walk->end_tile = tiles_of(seen.end);
    }
    if (walk->tile >= walk->end_tile || !is_omitted(&call->runs[walk->run], walk->tile, walk->tile + 1)) break;
    walk->tile++;
  }
  *keys = *values = NULL;
  if (walk->tile >= walk->end_tile) return;
  const ck_kv_run *run = &call->runs[walk->run];
  size_t offset = walk->tile++ * ck_kv_tile_bytes(run->element, call->head_dimension);
  *keys = (const char *)run->keys + offset;
  *values = (const char *)run->values + offset;
}

// Tiles that memory is asked for while those of a block are read: few rows are done with a block sooner than memory has
// the one after it. NULL behind the last one.
typedef struct {
  tile_walk walk;
  const char *keys[block_tiles];
  const char *values[block_tiles];
} tiles_ahead;

static void ask_for_tile(const char *tile, size_t bytes) {
  if (!tile) return;
  for (size_t at = 0; at < bytes; at += 64) ask_for(tile + at, 64);
}

// Asks for the first block, which nothing comes before.
static void ask_for_first(const ck_attention_call *call, tiles_ahead *ahead) {
  for (int i = 0; i < block_tiles; i++) {
    const char *keys, *values;
    next_tile(call, &ahead->walk, &keys, &values);
    if (!keys) return;
    ask_for_tile(keys, ck_kv_tile_bytes(call->runs[ahead->walk.run].element, call->head_dimension));
    ask_for_tile(values, ck_kv_tile_bytes(call->runs[ahead->walk.run].element, call->head_dimension));
  }
}

// One block of tokens of a run.
typedef struct {
  int32_t begin, end;
  bool whole;  // whether all rows see all of it, and its scores stay as they are
} token_block;

// The block that begins at `begin`, of the part that is seen.
INLINE token_block block_at(const ck_attention_call *call, const ck_kv_run *run, int32_t begin, seen_part seen) {
  int32_t end = block_end(run, begin);
  if (end > seen.end) end = seen.end;
  bool whole = !call->slopes && call->softcap == 0 && begin >= seen.all_begin && end <= seen.all_end &&
               end % ck_tile_tokens == 0 && !omits(run, begin / ck_tile_tokens, end / ck_tile_tokens);
  return (token_block){begin, end, whole};
}

// What rows of a block of registers see, and where they stand.
typedef struct {
  int32_t begin[CK_ROWS], end[CK_ROWS], positions[CK_ROWS];
  float slopes[CK_ROWS];
} row_sights;

// Tells `b` what rows first ..< first + some see of a block of tokens.
INLINE void look(
  const ck_attention_call *call, token_block tokens, size_t first, size_t some, const attention_scratch *s,
  row_sights *sights, attention_block *b) {
  int32_t count = tokens.end - tokens.begin;
  b->whole = tokens.whole;
  b->begin = tokens.whole ? 0 : count;
  b->end = tokens.whole ? count : 0;
  if (tokens.whole) return;
  size_t token = first / call->group, head = first % call->group;
  for (size_t r = 0; r < some; r++) {
    sights->begin[r] = clamp(s->visible[2 * token] - tokens.begin, 0, count);
    sights->end[r] = clamp(s->visible[2 * token + 1] - tokens.begin, 0, count);
    sights->positions[r] = call->positions[token];
    sights->slopes[r] = call->slopes ? call->slopes[head] * log2_e : 0;
    if (++head == (size_t)call->group) head = 0, token++;
    if (sights->begin[r] >= sights->end[r]) continue;
    if (sights->begin[r] < b->begin) b->begin = sights->begin[r];
    if (sights->end[r] > b->end) b->end = sights->end[r];
  }
}

// A block of tokens as rows meet it, its keys converted if that is worth it for so many.
INLINE attention_block describe_block(
  const ck_attention_call *call, const ck_kv_run *run, token_block tokens, bool converted, const attention_scratch *s,
  const row_sights *sights) {
  size_t dimension = call->head_dimension, padded = round_up(dimension, lanes);
  size_t tile_bytes = ck_kv_tile_bytes(run->element, dimension);
  int32_t tile = tokens.begin / ck_tile_tokens;
  if (call->slopes)
    for (int32_t t = tokens.begin; t < tokens.end; t++)
      s->key_positions[t - tokens.begin] = run->positions ? run->positions[t] : run->first_position + t;
  attention_block b = {
    .keys = (const char *)run->keys + tile * tile_bytes,
    .values = (const char *)run->values + tile * tile_bytes,
    .key_tile_bytes = tile_bytes,
    .value_tile_bytes = tile_bytes,
    .head_dimension = dimension,
    .padded_dimension = padded,
    .row_begin = sights->begin,
    .row_end = sights->end,
    .key_positions = call->slopes ? s->key_positions : NULL,
    .row_positions = sights->positions,
    .row_slopes = sights->slopes,
    .omitted = run->omitted ? run->omitted + tile : NULL,
    .softcap = call->softcap * log2_e,
    .next_keys = no_tiles,
    .next_values = no_tiles,
  };
  if (converted) {
    convert_keys(run->element, b.keys, dimension, tiles_of(tokens.end - tokens.begin), s->keys);
    b.keys = (const char *)s->keys;
    b.key_tile_bytes = ck_tile_tokens * dimension * sizeof(float);
  }
  return b;
}

// One block of tokens against all rows that see some of it.
static void attend_block(
  const ck_attention_call *call, const ck_kv_run *run, token_block tokens, tiles_ahead *ahead,
  const attention_scratch *s) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes), count = tokens.end - tokens.begin;
  bool many = rows >= rows_worth_converting;
  bool converted = padded != dimension || (run->element != ck_f32 && many);
  row_sights sights;
  attention_block b = describe_block(call, run, tokens, converted, s, &sights);
  if (converted) {
    convert_values(run->element, b.values, dimension, count, padded, s->values);
    b.values = (const char *)s->values;
    b.value_tile_bytes = ck_tile_tokens * padded * sizeof(float);
  }
  size_t tiles = tiles_of((int32_t)count);
  for (size_t t = 0; t < tiles; t++) {
    ahead->keys[t] = ahead->values[t] = NULL;
    // An omitted tile is not asked for, so it does not ask for another in its turn.
    if (b.omitted && b.omitted[t] == UINT16_MAX) continue;
    next_tile(call, &ahead->walk, &ahead->keys[t], &ahead->values[t]);
  }
  // The first block of few rows asks as it goes along, each block of many for a share.
  for (size_t block = 0, some; block < rows; block += some) {
    some = rows_of_block(rows - block);
    look(call, tokens, block, some, s, &sights, &b);
    if (b.begin >= b.end) continue;
    b.next_keys = block > 0 || many ? no_tiles : ahead->keys;
    b.next_values = block > 0 || many ? no_tiles : ahead->values;
    if (many)
      for (size_t t = tiles * block / rows; t < tiles * (block + some) / rows; t++) {
        ask_for_tile(ahead->keys[t], ck_kv_tile_bytes(run->element, dimension));
        ask_for_tile(ahead->values[t], ck_kv_tile_bytes(run->element, dimension));
      }
    b.queries = s->queries + block * dimension;
    b.sums = s->sums + block * padded;
    b.maxima = s->maxima + block;
    b.denominators = s->denominators + block * lanes;
    attend[some][converted ? ck_f32 : run->element](&b);
  }
}

static void begin_rows(const ck_attention_call *call, const attention_scratch *s) {
  size_t rows = (size_t)call->tokens * call->group;
  memset(s->sums, 0, rows * round_up(call->head_dimension, lanes) * sizeof *s->sums);
  memset(s->denominators, 0, rows * lanes * sizeof *s->denominators);
  for (size_t row = 0; row < rows; row++) s->maxima[row] = -__builtin_inff();
}

// Writes the results of all runs, or, where each has its own, those of `run`.
static void finish_rows(const ck_attention_call *call, size_t run, const attention_scratch *s) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes);
  for (size_t row = 0; row < rows; row++) {
    float denominator = sum_lanes(load(s->denominators + row * lanes)), scale = denominator > 0 ? 1 / denominator : 0;
    float *y = call->output + run * call->output_run_stride + row / call->group * call->output_token_stride +
               row % call->group * dimension;
    for (size_t d = 0; d < dimension; d++) y[d] = s->sums[row * padded + d] * scale;
    if (call->log_sum_exp)
      call->log_sum_exp[run * rows + row] = denominator > 0 ? s->maxima[row] * ln_2 + logf(denominator) : -__builtin_inff();
  }
}

static void attention(const ck_attention_call *call) {
  size_t rows = (size_t)call->tokens * call->group;
  if (rows == 0) return;
  attention_scratch s = divide_scratch(call);
  const bool apart = call->output_run_stride > 0;
  begin_rows(call, &s);
  int32_t packed = -1;
  tiles_ahead ahead = {.walk = {.run = -1}};
  ask_for_first(call, &ahead);
  for (int32_t i = 0; i < call->run_count; i++) {
    const ck_kv_run *run = &call->runs[i];
    seen_part seen = find_visible(call, run, s.visible);
    if (seen.begin < seen.end && run->variant != packed) {
      pack_queries(call, run->variant, s.queries);
      packed = run->variant;
    }
    for (int32_t begin = seen.begin; begin < seen.end;) {
      token_block tokens = block_at(call, run, begin, seen);
      if (!is_omitted(run, begin / ck_tile_tokens, tiles_of(tokens.end))) attend_block(call, run, tokens, &ahead, &s);
      begin = tokens.end;
    }
    if (!apart) continue;
    finish_rows(call, (size_t)i, &s);
    begin_rows(call, &s);
  }
  if (!apart) finish_rows(call, 0, &s);
}

static void attention_merge(
  size_t parts, const float *const *outputs, const float *const *log_sum_exps, size_t rows, size_t dimension,
  float *output, float *log_sum_exp) {
  for (size_t row = 0; row < rows; row++) {
    float *y = output + row * dimension, largest = -__builtin_inff(), total = 0;
    for (size_t p = 0; p < parts; p++)
      if (log_sum_exps[p][row] > largest) largest = log_sum_exps[p][row];
    bool any = largest > -__builtin_inff();
    for (size_t p = 0; any && p < parts; p++) total += expf(log_sum_exps[p][row] - largest);
    if (log_sum_exp) log_sum_exp[row] = any ? largest + logf(total) : largest;
    memset(y, 0, dimension * sizeof *y);
    for (size_t p = 0; any && p < parts; p++) {
      const float *x = outputs[p] + row * dimension;
      const vf weight = splat(expf(log_sum_exps[p][row] - largest) * (1 / total));
      size_t d = 0, rest = dimension % lanes;
      for (; d + lanes <= dimension; d += lanes) store(y + d, load(y + d) + weight * load(x + d));
      if (rest) store_part(y + d, load_part(y + d, rest) + weight * load_part(x + d, rest), rest);
    }
  }
}
