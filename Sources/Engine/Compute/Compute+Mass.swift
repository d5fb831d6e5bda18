import CKernels
import KVCacheFormat

extension Compute {
  /// Tiles of keys that a task takes.
  private static let tilesPerTask = 32

  /// One key-value head of some tiles of one segment.
  private struct MassTask {
    let head: Int
    let run: Pass.CachedRun
    let tiles: Range<Int>
  }

  /// Adds up the weights that the rows asked about give to each cached token: a second look at the keys, since the
  /// denominators of the softmaxes are known. `logarithms` holds these, as `attend` left them.
  func addMasses(
    to sums: AttentionMassSums, queries projection: Matrix, logarithms: Matrix, layer: Int, pass: Pass,
    table: RotaryTable?, _ decoder: DecoderDescription
  ) throws(EngineError) {
    // The spans are parts of one input, so they see the same segments.
    guard let cached = pass.spans.first?.cached else { return }
    let tasks = cached.flatMap { run in
      let tiles = (Int(run.count) + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens
      return stride(from: 0, to: tiles, by: Self.tilesPerTask).flatMap { start in
        (0..<decoder.keyValueHeads).map {
          MassTask(head: $0, run: run, tiles: start..<min(start + Self.tilesPerTask, tiles))
        }
      }
    }
    let blocks = sums.rows.indices.map { pass.blocks(ofRows: sums.rows[$0], size: decoder.rowsPerBlock) }
    let mostRows = blocks.joined().reduce(0) { max($0, $1.rows.count) }
    let kernelBytes = ck_attention_scratch_bytes(mostRows, decoder.groupSize, decoder.headDimension)
    let kernelNumbers = (kernelBytes + 63) / 64 * 16
    let rowNumbers = decoder.groupSize * decoder.headDimension
    try unsafe run(tasks.count, scratch: kernelNumbers + mostRows * rowNumbers) { index, scratch in
      let task = tasks[index]
      let queries = unsafe scratch + kernelNumbers
      let whole = unsafe task.run.keysAndValues(layer: layer, head: task.head)
      var run = unsafe whole.tiles(task.tiles, decoder.headDimension)
      guard unsafe run.tokens > 0 else { return }
      let firstToken = unsafe task.tiles.lowerBound * KVBlobLayout.tileTokens + Int(run.dropped)
      unsafe run.variant = 0  // the only one that is turned
      unsafe withUnsafePointer(to: &run) { run in
        for (rows, blocks) in blocks.enumerated() {
          let mass = unsafe sums.pointer(
            rows: rows, layer: layer, head: task.head * decoder.groupSize, segment: task.run.index, token: firstToken)
          for (span, rows) in blocks {
            let block = AttentionPlan.Block(span: span, head: task.head, rows: rows, parts: 1, firstPartial: 0)
            unsafe turnQueries(
              head: task.head, rows, pass.spans[span], form: Int(task.run.variant), projection, table: table, decoder,
              into: queries)
            unsafe decoder.withKernelCall(
              block, pass: pass, layer: layer, runs: UnsafeBufferPointer(start: run, count: 1)
            ) { call in
              unsafe call.pointee.queries = UnsafePointer(queries)
              unsafe call.pointee.log_sum_exp =
                logarithms.pointer(row: task.head) + rows.lowerBound * decoder.groupSize
              unsafe call.pointee.scratch = UnsafeMutableRawPointer(scratch)
              unsafe ck_attention_mass(call, mass, sums.stride(segment: task.run.index))
            }
          }
        }
      }
    }
  }
}

extension Pass {
  /// The rows of some tokens of the one input that the pass is of, at most `size` of a span at a time.
  fileprivate func blocks(ofRows tokens: Range<Int>, size: Int) -> [(span: Int, rows: Range<Int>)] {
    blocks(of: size) { span in
      let known = span.firstToken..<span.firstToken + span.rows.count
      let wanted = tokens.clamped(to: known)
      let first = span.rows.lowerBound - span.firstToken
      return wanted.lowerBound + first..<wanted.upperBound + first
    }
  }
}
