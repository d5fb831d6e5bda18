import CKernels
import Glibc

/// Cosines and sines for the rows of a pass: a row holds the cosines of all pairs, then the sines.
struct RotaryTable {
  fileprivate let angles: Matrix
  fileprivate let firstRow: Int
  let pairs: Int

  func cosines(_ row: Int) -> UnsafeMutablePointer<Float> { unsafe angles.pointer(row: firstRow + row) }
  func sines(_ row: Int) -> UnsafeMutablePointer<Float> { unsafe angles.pointer(row: firstRow + row) + pairs }
}

/// A table for each set of frequencies that a model has.
struct RotaryTables {
  fileprivate let tables: [RotaryTable]

  /// The table for the set of that index.
  subscript(rotation: Int) -> RotaryTable? { tables.indices.contains(rotation) ? tables[rotation] : nil }
}

extension Compute {
  /// Rows that one task takes.
  private static let rowsPerTask = 32

  /// Computes the angles of all rows of `pass`, in each rotated form, for each set of frequencies.
  func rotaryTables(_ pass: Pass, _ frequencies: [RotaryFrequencies]) throws(EngineError) -> RotaryTables {
    let pairs = frequencies.map(\.radians.count).max() ?? 0
    let angles = try workspace.matrix(.rotary, rows: pass.angles * frequencies.count, columns: 2 * pairs)
    let tables = frequencies.enumerated().map {
      RotaryTable(angles: angles, firstRow: $0.offset * pass.angles, pairs: $0.element.radians.count)
    }
    let blocks = pass.blocks(of: Self.rowsPerTask) { $0.rows }
    pool.run(blocks.count) { task, _ in
      let span = pass.spans[blocks[task].span]
      for (frequencies, table) in zip(frequencies, tables) {
        let radians = span.isExtended ? frequencies.extended ?? frequencies.radians : frequencies.radians
        for (form, shift) in span.shifts.enumerated() {
          for row in blocks[task].rows {
            let angle = span.angle(form: form, row: row)
            let (cosines, sines) = unsafe (table.cosines(angle), table.sines(angle))
            let position = Float(Int(pass.positions[row]) - shift)
            for (pair, radians) in radians.enumerated() {
              unsafe cosines[pair] = cosf(position * radians) * frequencies.amplitude
              unsafe sines[pair] = sinf(position * radians) * frequencies.amplitude
            }
          }
        }
      }
    }
    return RotaryTables(tables: tables)
  }

  /// Rotates the keys of all rows, in place, and keeps them and the values in the sequences' states.
  func storeStates(
    _ projection: Matrix, layer: Int, pass: Pass, table: RotaryTable?, _ decoder: DecoderDescription
  ) {
    let blocks = pass.blocks(of: Self.rowsPerTask) { $0.rows }
    pool.run(blocks.count) { task, _ in
      let (span, rows) = (pass.spans[blocks[task].span], blocks[task].rows)
      for head in 0..<decoder.keyValueHeads {
        let column = decoder.keyColumn(head)
        if let table {
          for row in rows {
            let angle = span.angle(form: 0, row: row)
            let keys = unsafe projection.pointer(row: row) + column
            unsafe ck_rotate(
              keys, table.cosines(angle), table.sines(angle), 1, 1, decoder.headDimension, 2 * table.pairs, keys)
          }
        }
        let first = unsafe projection.pointer(row: rows.lowerBound)
        let token = span.tokens.lowerBound + rows.lowerBound - span.rows.lowerBound
        unsafe span.fresh.store(
          layer: layer, head: head, tokens: token..<token + rows.count, keys: first + column,
          values: first + decoder.valueColumn(head), stride: projection.stride)
      }
    }
  }
}
