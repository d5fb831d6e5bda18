// The inner loop of every product: a block of accumulators that stays in registers.

// Scales of eight-bit numbers: of a lane of each vector, or of a step in each vector; NULL where there are none.
typedef struct {
  const vf *lanes;
  const float (*steps)[lanes];
} multiply_scales;

// c[r][v] += Σ_i a[i · a_step + r · a_row] · b[i · b_step + v · b_vector ..< +16], all indices in numbers; a is f32, b
// of any element. rows and vectors are constants where this is used, so that c becomes registers.
INLINE void multiply_add(
  const int rows, const int vectors, const ck_element element, const float *a, size_t a_step, size_t a_row,
  const void *b, size_t b_step, size_t b_vector, multiply_scales scales, size_t count, vf (*c)[CK_WIDE]) {
  // Fewer instructions beside the multiplications: where another program shares the core, these are what is short.
#pragma clang loop unroll_count(4)
  for (size_t i = 0; i < count; i++) {
    vf x[CK_WIDE];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      x[v] = element == ck_q8 ? signed_byte_to_f32((const int8_t *)b + i * b_step + v * b_vector)
                              : load_as_f32(element, b, i * b_step + v * b_vector);
      if (scales.lanes) x[v] *= scales.lanes[v];
      if (scales.steps) x[v] *= scales.steps[v][i];
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf y = splat(a[i * a_step + r * a_row]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) c[r][v] += y * x[v];
    }
  }
}
