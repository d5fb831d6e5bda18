// What 16 registers of 8 lanes hold: a vector takes two. See registers_avx512.h.
#define CK_WIDTH 256
#define CK_HAS_F16C 1

#define CK_ROWS 6
#define CK_VECTORS 1
#define CK_WIDE 2
#define CK_EACH_ROW_COUNT(f) f(1) f(2) f(3) f(4) f(5) f(6)

#define CK_FEW_ROWS 6
#define CK_FEW_ROWS_TILE 6
#define CK_FEW_COLUMNS 768
#define CK_FEW_AHEAD 1536
#define CK_EACH_FEW_ROWS(f) f(4, 1) f(2, 2) f(1, 3) f(1, 4) f(1, 5) f(1, 6)

// With weights of eight bits or less: rows at a time, one weight row after the other.
#define CK_FEW_IN_ORDER 4

#define CK_PRODUCT_PANEL_ROWS 48
#define CK_PRODUCT_VECTORS 1
#define CK_PRODUCT_ROWS 6
#define CK_PRODUCT_TILE_ROWS 6
#define CK_EACH_PRODUCT_TILE(f) f(1, 1) f(2, 1) f(3, 1) f(4, 1) f(5, 1) f(6, 1)

// Half a vector of rows: one register, so twice as many weight rows.
#define CK_HALF_ROWS 12
#define CK_EACH_HALF_TILE(f) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12)

#define CK_Q8_ROWS 6
#define CK_Q8_TILE_ROWS 6
#define CK_EACH_Q8_TILE(f) f(1, 1) f(2, 1) f(3, 1) f(4, 1) f(5, 1) f(6, 1)
