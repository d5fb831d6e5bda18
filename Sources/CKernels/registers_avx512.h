// What 32 registers of 16 lanes hold.
#define CK_WIDTH 512
#define CK_HAS_F16C 1

// Attention: query rows at a time, by so many vectors of keys or values; and the vectors for few rows.
#define CK_ROWS 8
#define CK_VECTORS 2
#define CK_WIDE 4
#define CK_EACH_ROW_COUNT(f) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8)

// Few rows: rows at a time, (weight rows, rows) of each block, how far ahead memory has to be asked, in bytes, and below
// how many columns one row takes one weight row at a time.
#define CK_FEW_ROWS 8
#define CK_FEW_ROWS_TILE 24
#define CK_FEW_COLUMNS 0
#define CK_FEW_AHEAD 4096
#define CK_EACH_FEW_ROWS(f) f(4, 1) f(4, 2) f(4, 3) f(4, 4) f(4, 5) f(4, 6) f(3, 7) f(3, 8)

// With weights of eight bits or less: rows at a time, one weight row after the other, and with a panel of weight rows.
#define CK_FEW_IN_ORDER 4
#define CK_FEW_PANEL_ROWS 8
#define CK_EACH_PANEL_ROW(f) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8)

// Products: (weight rows, vectors of 16 rows) of each block.
#define CK_PRODUCT_PANEL_ROWS 63
#define CK_PRODUCT_VECTORS 3
#define CK_PRODUCT_ROWS 14
#define CK_PRODUCT_TILE_ROWS 14, 14, 9
#define CK_EACH_PRODUCT_TILE(f) \
  f(1, 1) f(2, 1) f(3, 1) f(4, 1) f(5, 1) f(6, 1) f(7, 1) f(8, 1) f(9, 1) f(10, 1) f(11, 1) f(12, 1) f(13, 1) f(14, 1) \
  f(1, 2) f(2, 2) f(3, 2) f(4, 2) f(5, 2) f(6, 2) f(7, 2) f(8, 2) f(9, 2) f(10, 2) f(11, 2) f(12, 2) f(13, 2) f(14, 2) \
  f(1, 3) f(2, 3) f(3, 3) f(4, 3) f(5, 3) f(6, 3) f(7, 3) f(8, 3) f(9, 3)

// The same with sums of eight bits, which take two registers each.
#define CK_Q8_ROWS 12
#define CK_Q8_TILE_ROWS 12, 6, 4
#define CK_EACH_Q8_TILE(f) \
  f(1, 1) f(2, 1) f(3, 1) f(4, 1) f(5, 1) f(6, 1) f(7, 1) f(8, 1) f(9, 1) f(10, 1) f(11, 1) f(12, 1) \
  f(1, 2) f(2, 2) f(3, 2) f(4, 2) f(5, 2) f(6, 2) f(1, 3) f(2, 3) f(3, 3) f(4, 3)
