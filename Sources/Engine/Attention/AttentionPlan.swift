import KVCacheFormat

/// How the attention of a pass is cut into tasks.
///
/// A task is one key-value head of a block of rows, and, where there would be few tasks, a part of the keys; the results
/// of parts are merged. The cut depends on a span's own rows and keys alone, and that of keys, which decides what is
/// rounded, on those that the span is planned for.
struct AttentionPlan {
  /// One key-value head of some rows of one sequence.
  struct Block {
    let span: Int
    let head: Int
    let rows: Range<Int>
    /// Parts that the keys are cut into.
    let parts: Int
    /// First row of the block in the memory of partial results; there is one for each part, row, and head of a group.
    let firstPartial: Int
  }

  /// One part of a block.
  struct Task {
    let block: Int
    let part: Int
  }

  private(set) var blocks: [Block] = []
  private(set) var tasks: [Task] = []
  /// Rows of partial results.
  private(set) var partials = 0
  /// Greatest number of rows of a block.
  private(set) var mostRows = 0

  /// Query rows, over all heads of a group, that a block takes.
  fileprivate static let queriesPerBlock = 128
  /// Tasks that a sequence is cut into at least, if it has the keys for it: enough for some cores to balance.
  private static let tasksWanted = 16
  /// Tiles of keys that a part has at least: fewer would not be worth the merging. With one row of a model that has few
  /// key-value heads, two threads are as far apart as a task takes.
  private static let tilesPerPart = 16

  /// The plan for `rows` of each span.
  ///
  /// - Parameter planned: how many rows its keys are cut for.
  init(
    _ pass: Pass, _ decoder: DecoderDescription, rows: (Pass.Span) -> Range<Int>, planned: (Pass.Span) -> Int
  ) {
    let size = decoder.rowsPerBlock
    for (index, span) in pass.spans.enumerated() {
      let rows = rows(span)
      guard !rows.isEmpty else { continue }
      let blocksOfSpan = (planned(span) + size - 1) / size * decoder.keyValueHeads
      // Rows of encodings come by the hundred, so that there are tasks enough.
      let wanted = span.isEncoding ? 1 : (Self.tasksWanted + blocksOfSpan - 1) / blocksOfSpan
      let parts = max(min(span.tiles / Self.tilesPerPart, wanted), 1)
      // The last rows see the most, so they go first.
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size).reversed() {
        for head in 0..<decoder.keyValueHeads {
          append(
            Block(
              span: index, head: head, rows: start..<min(start + size, rows.upperBound), parts: parts,
              firstPartial: partials), groupSize: decoder.groupSize)
        }
      }
    }
  }

  private mutating func append(_ block: Block, groupSize: Int) {
    for part in 0..<block.parts { tasks.append(Task(block: blocks.count, part: part)) }
    blocks.append(block)
    if block.parts > 1 { partials += block.parts * block.rows.count * groupSize }
    mostRows = max(mostRows, block.rows.count)
  }
}

extension DecoderDescription {
  /// Rows that a block takes.
  var rowsPerBlock: Int { max(AttentionPlan.queriesPerBlock / groupSize, 1) }
}

extension Pass.Span {
  /// Tiles of keys that the sequence has up to the last row's that is planned for, its own tokens included.
  fileprivate var tiles: Int {
    let tile = KVBlobLayout.tileTokens
    return cached.reduce(fresh.layout.tiles(of: whole.upperBound)) { $0 + (Int($1.count) + tile - 1) / tile }
  }

  /// Those that are planned for and not there.
  var absentTiles: Int { fresh.layout.tiles(of: whole.upperBound) - fresh.layout.tiles(of: tokens.upperBound) }
}
