import CKernels
import Glibc
import KVCacheFormat

extension Compute {
  /// Attention of the plan's rows over all that their sequences hold: cached segments where they lie, fresh states
  /// beside them, one softmax over both. Queries come from `projection`, results go to the same rows of `output`, and the
  /// logarithms of the softmaxes' denominators to `logarithms`, (keyValueHeads, rows, group), where they are wanted.
  func attend(
    _ plan: AttentionPlan, queries projection: Matrix, into output: Matrix, logarithms: Matrix? = nil, layer: Int,
    pass: Pass, table: RotaryTable?, _ decoder: DecoderDescription
  ) throws(EngineError) {
    let rowNumbers = decoder.groupSize * decoder.headDimension
    let forms = pass.spans.reduce(1) { max($0, $1.shifts.count) }
    let kernelBytes = ck_attention_scratch_bytes(plan.mostRows, decoder.groupSize, decoder.headDimension)
    let kernelNumbers = (kernelBytes + 63) / 64 * 16
    let partials = Partials(
      results: try workspace.matrix(.partials, rows: plan.partials, columns: decoder.headDimension),
      logarithms: try workspace.matrix(.partialLogarithms, rows: plan.partials, columns: 1))
    if plan.partials > 0 { countdowns.begin(plan.blocks.count) { plan.blocks[$0].parts } }
    try unsafe run(plan.tasks.count, scratch: kernelNumbers + forms * plan.mostRows * rowNumbers) { index, scratch in
      let task = plan.tasks[index]
      let block = plan.blocks[task.block]
      let span = pass.spans[block.span]
      let queries = unsafe scratch + kernelNumbers
      let target = unsafe partials.target(task, block, output, logarithms, decoder)
      unsafe span.withRuns(layer: layer, head: block.head, part: task.part, of: block.parts, decoder) { runs in
        let forms = unsafe span.forms(of: runs)
        if forms.first {
          unsafe turnQueries(
            head: block.head, block.rows, span, form: 0, projection, table: table, decoder, into: queries)
        }
        for form in forms.others {
          let turned = unsafe queries + form * block.rows.count * rowNumbers
          unsafe turnQueries(
            head: block.head, block.rows, span, form: form, projection, table: table, decoder, into: turned)
        }
        unsafe decoder.withKernelCall(block, pass: pass, layer: layer, runs: runs) { call in
          unsafe call.pointee.queries = UnsafePointer(queries)
          unsafe call.pointee.output = target.results
          unsafe call.pointee.output_token_stride = target.stride
          unsafe call.pointee.log_sum_exp = target.logarithms
          unsafe call.pointee.scratch = UnsafeMutableRawPointer(scratch)
          unsafe ck_attention(call)
        }
      }
      // Whoever ends a block's last part merges them: a job of its own would wait for all threads once more.
      if block.parts > 1, countdowns.end(group: task.block) {
        merge(partials, block, into: output, logarithms, decoder)
      }
    }
  }

  /// Writes the queries of some rows of a span in one rotated form, scaled: (rows, group, headDimension).
  func turnQueries(
    head: Int, _ rows: Range<Int>, _ span: Pass.Span, form: Int, _ projection: Matrix, table: RotaryTable?,
    _ decoder: DecoderDescription, into queries: UnsafeMutablePointer<Float>
  ) {
    unsafe turnQueries(
      head: head, rows, angle: span.angle(form: form, row: rows.lowerBound), projection, table: table, decoder,
      into: queries)
  }

  /// The same, where the angles of the first row are `angle` in the pass's table.
  func turnQueries(
    head: Int, _ rows: Range<Int>, angle: Int, _ projection: Matrix, table: RotaryTable?,
    _ decoder: DecoderDescription, into queries: UnsafeMutablePointer<Float>
  ) {
    let column = decoder.queryColumn(head * decoder.groupSize)
    let rowNumbers = decoder.groupSize * decoder.headDimension
    for (index, row) in rows.enumerated() {
      let source = unsafe projection.pointer(row: row) + column
      let destination = unsafe queries + index * rowNumbers
      unsafe ck_rotate(
        source, table?.cosines(angle + index), table?.sines(angle + index), decoder.attentionScale, decoder.groupSize,
        decoder.headDimension, 2 * (table?.pairs ?? 0), destination)
    }
  }

  /// Joins what the parts of a block gave.
  private func merge(
    _ partials: Partials, _ block: AttentionPlan.Block, into output: Matrix, _ allLogarithms: Matrix?,
    _ decoder: DecoderDescription
  ) {
    let rowNumbers = decoder.groupSize * decoder.headDimension
    let firsts = (0..<block.parts).map { block.firstPartial + $0 * block.rows.count * decoder.groupSize }
    var results = unsafe firsts.map { unsafe Optional(UnsafePointer(partials.results.pointer(row: $0))) }
    var logarithms = unsafe firsts.map { unsafe Optional(UnsafePointer(partials.logarithms.pointer(row: $0))) }
    for row in block.rows {
      unsafe ck_attention_merge(
        block.parts, results, logarithms, decoder.groupSize, decoder.headDimension,
        output.pointer(row: row) + block.head * rowNumbers,
        allLogarithms.map { unsafe $0.pointer(row: block.head) + row * decoder.groupSize })
      for part in 0..<block.parts {
        unsafe results[part]? += rowNumbers
        unsafe logarithms[part]? += decoder.groupSize
      }
    }
  }
}

/// What tasks leave that see a part of the keys: results, (part, row, head of the group), and the logarithm of each
/// one's softmax denominator.
private struct Partials {
  let results: Matrix
  let logarithms: Matrix

  /// Where a task writes: straight to the output if it sees all the keys.
  func target(
    _ task: AttentionPlan.Task, _ block: AttentionPlan.Block, _ output: Matrix, _ allLogarithms: Matrix?,
    _ decoder: DecoderDescription
  ) -> (results: UnsafeMutablePointer<Float>, stride: Int, logarithms: UnsafeMutablePointer<Float>?) {
    let rowNumbers = decoder.groupSize * decoder.headDimension
    if block.parts == 1 {
      let first = block.rows.lowerBound
      return unsafe (
        output.pointer(row: first) + block.head * rowNumbers, output.stride,
        allLogarithms.map { unsafe $0.pointer(row: block.head) + first * decoder.groupSize }
      )
    }
    let first = block.firstPartial + task.part * block.rows.count * decoder.groupSize
    return unsafe (results.pointer(row: first), rowNumbers, logarithms.pointer(row: first))
  }
}

extension Pass.Span {
  /// Whether the first rotated form meets these runs, which may be anywhere among the cached segments and is that of fresh
  /// states; and which others do, with perhaps some more: numbers go up with the segments, so those of a part are side by
  /// side. No list, since this is asked for each task of each layer.
  fileprivate func forms(of runs: UnsafeBufferPointer<ck_kv_run>) -> (first: Bool, others: Range<Int>) {
    var (lowest, end) = (shifts.count, 0)
    var meetsFirst = false
    for index in runs.indices {
      let variant = unsafe Int(runs[index].variant)
      if variant == 0 { meetsFirst = true } else { (lowest, end) = (min(lowest, variant), max(end, variant + 1)) }
    }
    return (meetsFirst, lowest..<max(lowest, end))
  }

  /// Lends what the kernel reads of one head: every run of keys, or the tiles of part `part` of `parts`.
  fileprivate func withRuns(
    layer: Int, head: Int, part: Int, of parts: Int, _ decoder: DecoderDescription,
    _ body: (UnsafeBufferPointer<ck_kv_run>) -> Void
  ) {
    let most = cached.count + fresh.runs(of: tokens.upperBound)
    unsafe withUnsafeTemporaryAllocation(of: ck_kv_run.self, capacity: most) { memory in
      guard let runs = memory.baseAddress else { return unsafe body(UnsafeBufferPointer(start: nil, count: 0)) }
      for (index, run) in cached.enumerated() {
        unsafe (runs + index).initialize(to: run.keysAndValues(layer: layer, head: head))
      }
      unsafe fresh.writeRuns(layer: layer, head: head, tokens: tokens.upperBound, to: runs + cached.count)
      var count = most
      if parts > 1 {
        let tiles = (0..<most).reduce(absentTiles) { unsafe $0 + runs[$1].tiles }
        let wanted = tiles * part / parts..<tiles * (part + 1) / parts
        count = 0
        var start = 0
        for index in 0..<most {
          let run = unsafe runs[index]
          let end = unsafe start + run.tiles
          let kept = wanted.clamped(to: start..<end)
          if !kept.isEmpty {
            unsafe runs[count] = run.tiles(kept.lowerBound - start..<kept.upperBound - start, decoder.headDimension)
            if unsafe runs[count].tokens > 0 { count += 1 }
          }
          start = end
        }
      }
      unsafe body(UnsafeBufferPointer(start: runs, count: count))
    }
  }
}

extension Pass.CachedRun {
  /// What the kernel reads of one head.
  func keysAndValues(layer: Int, head: Int) -> ck_kv_run {
    let dropped = Int32(segment.layout.dropped(layer: layer))
    let absent = min(dropped, count)
    return unsafe ck_kv_run(
      keys: segment.keys(layer: layer, head: head), values: segment.values(layer: layer, head: head), positions: nil,
      first_position: place + absent, tokens: count - absent, element: segment.layout.element.kernelElement,
      variant: variant, dropped: dropped,
      omitted: omitted.map {
        unsafe $0.bits(fromTile: (Int(absent) + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens)
      })
  }
}

extension ck_kv_run {
  /// Tiles of the run, those that were dropped among them: how keys are cut into parts does not depend on what is kept.
  var tiles: Int {
    unsafe (Int(dropped) + Int(tokens) + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens
  }

  /// The run of these tiles; without tokens if they were all dropped.
  func tiles(_ range: Range<Int>, _ headDimension: Int) -> ck_kv_run {
    let tile = KVBlobLayout.tileTokens
    let absent = unsafe Int(dropped) / tile
    // The first tile of the range that is there, and where it lies in the run.
    let first = max(range.lowerBound, absent)
    let skipped = first - absent
    let bytes = unsafe skipped * ck_kv_tile_bytes(element, headDimension)
    var run = unsafe self
    unsafe run.keys += bytes
    unsafe run.values += bytes
    if unsafe run.positions != nil { unsafe run.positions += skipped * tile }
    if unsafe run.omitted != nil { unsafe run.omitted += skipped }
    unsafe run.first_position += Int32(skipped * tile)
    unsafe run.tokens = Int32(max(min((range.upperBound - first) * tile, Int(tokens) - skipped * tile), 0))
    unsafe run.dropped = Int32((first - range.lowerBound) * tile)
    return unsafe run
  }
}

extension DecoderDescription {
  /// Lends a call that lacks its queries, outputs and scratch.
  func withKernelCall(
    _ block: AttentionPlan.Block, pass: Pass, layer: Int, runs: UnsafeBufferPointer<ck_kv_run>,
    _ body: (UnsafeMutablePointer<ck_attention_call>) -> Void
  ) {
    unsafe pass.positions.withUnsafeBufferPointer { positions in
      let ofRows = unsafe UnsafeBufferPointer(rebasing: positions[block.rows])
      unsafe withKernelCall(head: block.head, positions: ofRows, layer: layer, runs: runs, body)
    }
  }

  /// The same for rows at these positions.
  func withKernelCall(
    head: Int, positions: UnsafeBufferPointer<Int32>, layer: Int, runs: UnsafeBufferPointer<ck_kv_run>,
    _ body: (UnsafeMutablePointer<ck_attention_call>) -> Void
  ) {
    unsafe withSlopes(ofGroup: head) { slopes in
      var call = unsafe ck_attention_call()
      unsafe call.query_variant_stride = positions.count * groupSize * headDimension
      unsafe call.query_token_stride = groupSize * headDimension
      unsafe call.positions = positions.baseAddress
      unsafe call.slopes = slopes
      unsafe call.window = Int32(layers[layer].window ?? 0)
      unsafe call.softcap = scales.attentionCap ?? 0
      unsafe call.tokens = Int32(positions.count)
      unsafe call.group = Int32(groupSize)
      unsafe call.head_dimension = Int32(headDimension)
      unsafe call.runs = runs.baseAddress
      unsafe call.run_count = Int32(runs.count)
      unsafe body(&call)
    }
  }

  /// Lends the slopes of the query heads that share `head`, or a null pointer for a rotary model.
  private func withSlopes(ofGroup head: Int, _ body: (UnsafePointer<Float>?) -> Void) {
    if case .linearBiases(let slopes) = positions {
      unsafe slopes.withUnsafeBufferPointer { slopes in
        unsafe body(slopes.baseAddress.map { unsafe $0 + head * groupSize })
      }
    } else {
      body(nil)
    }
  }
}
