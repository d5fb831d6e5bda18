import CKernels
import Glibc
import KVCacheFormat

/// Cosines and sines for the rows of a pass: a row holds the cosines of all pairs, then the sines.
struct RotaryTable {
  let angles: Matrix
  let pairs: Int

  func cosines(_ row: Int) -> UnsafeMutablePointer<Float> { unsafe angles.pointer(row: row) }
  func sines(_ row: Int) -> UnsafeMutablePointer<Float> { unsafe angles.pointer(row: row) + pairs }
}

extension Compute {
  /// Computes the angles of all rows of `pass`, in each rotated form.
  func rotaryTable(_ pass: Pass, _ frequencies: RotaryFrequencies) -> RotaryTable {
    let pairs = frequencies.radians.count
    let table = RotaryTable(
      angles: workspace.matrix(.rotary, rows: pass.angles, columns: 2 * pairs), pairs: pairs)
    for span in pass.spans {
      pool.run(span.shifts.count * span.rows.count) { task, _ in
        let (variant, row) = task.quotientAndRemainder(dividingBy: span.rows.count)
        let position = Float(Int(pass.positions[span.rows.lowerBound + row]) - span.shifts[variant])
        let (cosines, sines) = unsafe (table.cosines(span.firstAngle + task), table.sines(span.firstAngle + task))
        for (pair, radians) in frequencies.radians.enumerated() {
          let angle = position * radians
          unsafe cosines[pair] = cosf(angle) * frequencies.amplitude
          unsafe sines[pair] = sinf(angle) * frequencies.amplitude
        }
      }
    }
    return table
  }

  /// Rotates the keys of all rows, in place, and keeps them and the values in the sequences' states.
  func storeStates(
    _ projection: Matrix, layer: Int, pass: Pass, table: RotaryTable?, _ decoder: DecoderDescription
  ) {
    let dimension = decoder.headDimension
    for span in pass.spans {
      pool.run(decoder.keyValueHeads) { head, _ in
        let column = decoder.keyColumn(head)
        if let table {
          for row in span.rows {
            let angle = span.firstAngle + row - span.rows.lowerBound
            let keys = unsafe projection.pointer(row: row) + column
            unsafe ck_rotate(
              keys, table.cosines(angle), table.sines(angle), 1, 1, dimension, 2 * table.pairs, keys)
          }
        }
        let first = unsafe projection.pointer(row: span.rows.lowerBound)
        unsafe span.fresh.store(
          layer: layer, head: head, tokens: span.tokens, keys: first + column,
          values: first + decoder.valueColumn(head), stride: projection.stride)
      }
    }
  }
}

/// One key-value head of some rows of one sequence: the work of one thread at a time.
struct AttentionTask {
  let span: Int
  let head: Int
  let rows: Range<Int>
}

extension Compute {
  /// Query rows, over all heads of a group, that one task takes.
  private static let queriesPerTask = 128

  /// The tasks that cover `rows` of each span.
  static func attentionTasks(
    _ pass: Pass, _ decoder: DecoderDescription, rows: (Pass.Span) -> Range<Int>
  ) -> [AttentionTask] {
    let block = max(queriesPerTask / decoder.groupSize, 1)
    var tasks: [AttentionTask] = []
    for (index, span) in pass.spans.enumerated() {
      let rows = rows(span)
      // The last rows see the most, so they go first.
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: block).reversed() {
        for head in 0..<decoder.keyValueHeads {
          tasks.append(
            AttentionTask(span: index, head: head, rows: start..<min(start + block, rows.upperBound)))
        }
      }
    }
    return tasks
  }

  /// Attention of the tasks' rows over all that their sequences hold: cached segments where they lie, fresh states
  /// beside them, one softmax over both. Queries come from `projection`, results go to the same rows of `output`.
  func attend(
    _ tasks: [AttentionTask], queries projection: Matrix, into output: Matrix, layer: Int, pass: Pass,
    table: RotaryTable?, _ decoder: DecoderDescription
  ) {
    let rowNumbers = decoder.groupSize * decoder.headDimension
    let mostRows = tasks.reduce(0) { max($0, $1.rows.count) }
    let mostForms = pass.spans.reduce(1) { max($0, $1.shifts.count) }
    let kernelBytes = ck_attention_scratch_bytes(mostRows, decoder.groupSize, decoder.headDimension)
    let kernelNumbers = (kernelBytes + 63) / 64 * 16
    unsafe run(tasks.count, scratch: kernelNumbers + mostForms * mostRows * rowNumbers) { index, scratch in
      let task = tasks[index]
      let span = pass.spans[task.span]
      let queries = unsafe scratch + kernelNumbers
      unsafe turnQueries(task, span, projection, table: table, decoder, into: queries)
      var runs = unsafe [ck_kv_run]()
      unsafe runs.reserveCapacity(span.cached.count + 8)
      for run in span.cached { unsafe runs.append(run.kernelRun(layer: layer, head: task.head)) }
      unsafe span.fresh.appendRuns(layer: layer, head: task.head, to: &runs)
      unsafe attend(
        task, queries: queries, runs: runs, scratch: scratch, into: output, layer: layer, pass: pass, decoder)
    }
  }

  /// Writes the task's queries, scaled, once for each rotated form: (forms, rows, group, headDimension).
  private func turnQueries(
    _ task: AttentionTask, _ span: Pass.Span, _ projection: Matrix, table: RotaryTable?,
    _ decoder: DecoderDescription, into queries: UnsafeMutablePointer<Float>
  ) {
    let column = decoder.queryColumn(task.head * decoder.groupSize)
    let rowNumbers = decoder.groupSize * decoder.headDimension
    for form in span.shifts.indices {
      for (index, row) in task.rows.enumerated() {
        let source = unsafe projection.pointer(row: row) + column
        let destination = unsafe queries + (form * task.rows.count + index) * rowNumbers
        let angle = span.firstAngle + form * span.rows.count + row - span.rows.lowerBound
        unsafe ck_rotate(
          source, table?.cosines(angle), table?.sines(angle), decoder.attentionScale, decoder.groupSize,
          decoder.headDimension, 2 * (table?.pairs ?? 0), destination)
      }
    }
  }

  private func attend(
    _ task: AttentionTask, queries: UnsafePointer<Float>, runs: [ck_kv_run],
    scratch: UnsafeMutablePointer<Float>, into output: Matrix, layer: Int, pass: Pass, _ decoder: DecoderDescription
  ) {
    let group = decoder.groupSize
    let rowNumbers = group * decoder.headDimension
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe pass.positions.withUnsafeBufferPointer { positions in
        unsafe decoder.withSlopes(ofGroup: task.head) { slopes in
          var call = unsafe ck_attention_call(
            queries: queries, query_variant_stride: task.rows.count * rowNumbers, query_token_stride: rowNumbers,
            output: output.pointer(row: task.rows.lowerBound) + task.head * rowNumbers,
            output_token_stride: output.stride, log_sum_exp: nil,
            positions: positions.baseAddress.map { unsafe $0 + task.rows.lowerBound }, slopes: slopes,
            window: Int32(decoder.windows[layer] ?? 0), tokens: Int32(task.rows.count), group: Int32(group),
            head_dimension: Int32(decoder.headDimension), runs: runs.baseAddress, run_count: Int32(runs.count),
            scratch: scratch)
          unsafe ck_attention(&call)
        }
      }
    }
  }
}

extension Pass.CachedRun {
  fileprivate func kernelRun(layer: Int, head: Int) -> ck_kv_run {
    unsafe ck_kv_run(
      keys: segment.keys(layer: layer, head: head), values: segment.values(layer: layer, head: head), positions: nil,
      first_position: place, tokens: count, element: segment.layout.element.kernelElement, variant: variant)
  }
}

extension DecoderDescription {
  /// Lends the slopes of the query heads that share `head`, or a null pointer for a rotary model.
  fileprivate func withSlopes(ofGroup head: Int, _ body: (UnsafePointer<Float>?) -> Void) {
    if case .linearBiases(let slopes) = positions {
      unsafe slopes.withUnsafeBufferPointer { slopes in
        unsafe body(slopes.baseAddress.map { unsafe $0 + head * groupSize })
      }
    } else {
      body(nil)
    }
  }
}
