// Weights in blocks, turned: panels of sixteen weight rows, these across the lanes. They have the bytes that a file has, in
// an order in which nothing has to be turned when they are read, and nothing is added up across lanes.
//
//     panel   blocks × { head; lines × [4][16 rows][4 bytes] }, zeros up to a multiple of 64
//
// A line is sixteen bytes of each row that lie beside each other in its block: the bits of its numbers. The head holds what
// else belongs to the block of each row, row beside row, as f16 or bytes. So memory is read in one stream, which CPUs follow
// of their own accord.
//
//     Q4_0, Q8_0   scale f16
//     Q4_1         scale f16, minimum f16
//     Q4_K         scale f16, minimum f16, scales of its groups [8] u8, minima of its groups [8] u8
//     Q6_K         scale f16, scales of its halves of groups [16] i8
//
// Lines are in the order in which a block has them, but for Q6_K, which has those together that are opened together: two of
// low bits, one of high bits. Bytes of Q8_0 have 128 added. A panel at the end of a matrix may have rows of zeros. How many
// lines and bytes there are says kernels.h.

// Where line `line` of a row's block begins in it.
INLINE size_t line_in_block(const ck_element element, size_t line) {
  if (element == ck_q6_k) {
    size_t half = line / 6, pair = line / 3 % 2, part = line % 3;
    return 16 * pair + (part == 2 ? 128 + 32 * half : 64 * half + 32 * part);
  }
  size_t first = element == ck_q4_k ? 16 : element == ck_q4_1 ? 4 : 2;
  return first + 16 * line;
}

INLINE void turn_head(const ck_element element, const uint8_t *block, size_t row, uint8_t *head) {
  memcpy(head + 2 * row, block + (element == ck_q6_k ? 208 : 0), 2);
  if (quant_has_minimum(element)) memcpy(head + 2 * (turned_rows + row), block + 2, 2);
  uint8_t *bytes = head + (element == ck_q6_k ? 2 : 4) * turned_rows + row;
  if (element == ck_q6_k)
    for (size_t j = 0; j < 16; j++) bytes[j * turned_rows] = block[192 + j];
  if (element == ck_q4_k)
    for (size_t j = 0; j < 8; j++)
      six_bit_scales(block + 4, j, bytes + j * turned_rows, bytes + (8 + j) * turned_rows);
}

INLINE void turn_panel(
  const ck_element element, const uint8_t *weights, size_t columns, size_t rows, size_t panel, uint8_t *turned) {
  size_t blocks = columns / block_numbers(element), bytes = turned_panel_bytes(element, columns);
  turned += panel * bytes;
  memset(turned, 0, bytes);
  for (size_t r = 0; r < turned_rows && panel * turned_rows + r < rows; r++) {
    const uint8_t *block = weights + (panel * turned_rows + r) * blocks * block_bytes(element);
    for (size_t b = 0; b < blocks; b++, block += block_bytes(element)) {
      uint8_t *to = turned + b * turned_block(element), *lines = to + turned_head(element);
      turn_head(element, block, r, to);
      for (size_t line = 0; line < turned_lines(element); line++)
        for (size_t step = 0; step < 4; step++) {
          uint32_t four;
          memcpy(&four, block + line_in_block(element, line) + 4 * step, sizeof four);
          if (element == ck_q8_0) four ^= 0x80808080;
          memcpy(lines + line * turned_line + 64 * step + 4 * r, &four, sizeof four);
        }
    }
  }
}

static void turn_weights(
  ck_element element, const void *weights, size_t columns, size_t rows, size_t begin, size_t end, void *turned) {
  for (size_t panel = begin; panel < end; panel++) switch (element) {
#define CK_TURNED(element) \
  case element: turn_panel(element, weights, columns, rows, panel, turned); break;
    CK_EACH_TURNED(CK_TURNED)
#undef CK_TURNED
    default: break;
    }
}

// MARK: - Opening, with the rows across the lanes

// Columns that have a scale of their own.
INLINE size_t turned_unit(const ck_element element) { return quant_has_halves(element) ? 16 : 32; }

// The block of unit `unit` of a panel.
INLINE const uint8_t *turned_block_of(const ck_element element, const uint8_t *panel, size_t unit) {
  return panel + unit * turned_unit(element) / block_numbers(element) * turned_block(element);
}

INLINE vi turned_step(const uint8_t *lines, size_t line, size_t step) {
  return *(const vi_any *)(lines + line * turned_line + 64 * step);
}

// The bytes of unit `unit` of a panel, four columns a step.
INLINE void open_turned_unit(const ck_element element, const uint8_t *panel, size_t unit, vi steps[8]) {
  const uint8_t *lines = turned_block_of(element, panel, unit) + turned_head(element);
  if (element == ck_q6_k) {
    size_t first = 6 * (unit / 8 % 2) + 3 * (unit % 2), part = unit / 2 % 4;
#pragma clang loop unroll(full)
    for (size_t s = 0; s < 4; s++) {
      vu low = (vu)turned_step(lines, first + part % 2, s);
      vu high = (vu)turned_step(lines, first + 2, s);
      steps[s] = (vi)((low >> (uint32_t)(part / 2 * 4) & 0x0F0F0F0F) | (high >> (uint32_t)(2 * part) & 0x03030303) << 4);
    }
    return;
  }
  if (element == ck_q8_0) {
#pragma clang loop unroll(full)
    for (size_t s = 0; s < 8; s++) steps[s] = turned_step(lines, s / 4, s % 4);
  } else if (element == ck_q4_k) {
#pragma clang loop unroll(full)
    for (size_t s = 0; s < 8; s++) {
      vu both = (vu)turned_step(lines, unit % 8 / 2 * 2 + s / 4, s % 4);
      steps[s] = (vi)(both >> (uint32_t)(unit % 2 * 4) & 0x0F0F0F0F);
    }
  } else {
#pragma clang loop unroll(full)
    for (size_t s = 0; s < 4; s++) {
      vu both = (vu)turned_step(lines, 0, s);
      steps[s] = (vi)(both & 0x0F0F0F0F);
      steps[4 + s] = (vi)(both >> 4 & 0x0F0F0F0F);
    }
  }
}

// The unit of a round that comes `n`th where memory is read in order.
INLINE size_t turned_unit_in_order(const ck_element element, size_t n) {
  return element == ck_q6_k ? n / 8 * 8 + n % 4 * 2 + n / 4 % 2 : n;
}

INLINE vf turned_halves(const uint8_t *x) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x));
}

// The scales of unit `unit`, and its minima.
INLINE vf turned_scale(const ck_element element, const uint8_t *panel, size_t unit) {
  const uint8_t *head = turned_block_of(element, panel, unit);
  if (element == ck_q6_k) {
    __m128i scale = _mm_loadu_si128((const __m128i *)(head + (2 + unit % 16) * turned_rows));
    return (vf)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(scale)) * turned_halves(head);
  }
  if (element == ck_q4_k) {
    __m128i scale = _mm_loadu_si128((const __m128i *)(head + (4 + unit % 8) * turned_rows));
    return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(scale)) * turned_halves(head);
  }
  return turned_halves(head);
}
INLINE vf turned_minimum(const ck_element element, const uint8_t *panel, size_t unit) {
  const uint8_t *head = turned_block_of(element, panel, unit);
  if (element == ck_q4_k) {
    __m128i minimum = _mm_loadu_si128((const __m128i *)(head + (12 + unit % 8) * turned_rows));
    return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(minimum)) * -turned_halves(head + 2 * turned_rows);
  }
  return turned_halves(head + 2 * turned_rows);
}
