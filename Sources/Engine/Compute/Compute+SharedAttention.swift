import CKernels
import KVCacheFormat

extension Compute {
  /// Attention of a plan's rows over all that their sequences hold. Queries come from `projection`, results go to the same
  /// rows of `output`.
  func attend(
    _ plan: SharedAttentionPlan, queries projection: Matrix, into output: Matrix, layer: Int, pass: Pass,
    table: RotaryTable?, _ decoder: DecoderDescription
  ) throws(EngineError) {
    let (heads, rowNumbers) = (decoder.keyValueHeads, decoder.groupSize * decoder.headDimension)
    let kernelBytes = ck_attention_scratch_bytes(plan.mostRows, decoder.groupSize, decoder.headDimension)
    let kernelNumbers = (kernelBytes + 63) / 64 * 16
    let partials = SharedPartials(
      results: try workspace.matrix(.partials, rows: heads * plan.parts, columns: rowNumbers),
      logarithms: try workspace.matrix(.partialLogarithms, rows: heads * plan.parts, columns: decoder.groupSize))
    countdowns.begin(heads * plan.readers.count) { plan.readers[$0 % plan.readers.count].tasks }
    try unsafe run(heads * plan.tasks.count, scratch: kernelNumbers + plan.mostTurnedRows * rowNumbers) {
      index, scratch in
      let (head, task) = (index / plan.tasks.count, plan.tasks[index % plan.tasks.count])
      let queries = unsafe scratch + kernelNumbers
      unsafe turnQueries(task, plan, head: head, projection, pass, table: table, decoder, into: queries)
      let first = head * plan.parts + task.firstPart
      unsafe plan.withRuns(of: task, pass, layer: layer, head: head, decoder) { runs, positions in
        unsafe decoder.withKernelCall(
          head: head, positions: positions, layer: layer, runs: runs
        ) { call in
          unsafe call.pointee.queries = UnsafePointer(queries)
          unsafe call.pointee.output = partials.results.pointer(row: first)
          unsafe call.pointee.output_token_stride = rowNumbers
          unsafe call.pointee.output_run_stride = task.rows * rowNumbers
          unsafe call.pointee.log_sum_exp = partials.logarithms.pointer(row: first)
          unsafe call.pointee.scratch = UnsafeMutableRawPointer(scratch)
          unsafe ck_attention(call)
        }
      }
      // Whoever ends a reader's last task merges what all gave.
      for reader in task.readers where countdowns.end(group: head * plan.readers.count + reader.index) {
        merge(partials, plan, plan.readers[reader.index], head: head, into: output, decoder)
      }
    }
  }

  /// Writes the queries of a task's rows in each form that it needs: (forms, rows, group, headDimension).
  private func turnQueries(
    _ task: SharedAttentionPlan.Task, _ plan: SharedAttentionPlan, head: Int, _ projection: Matrix, _ pass: Pass,
    table: RotaryTable?, _ decoder: DecoderDescription, into queries: UnsafeMutablePointer<Float>
  ) {
    var next = unsafe queries
    for forms in task.forms {
      for (reader, form) in zip(task.readers, forms) {
        let (span, rows) = (pass.spans[plan.readers[reader.index].span], plan.readers[reader.index].rows)
        unsafe turnQueries(
          head: head, rows, span, form: form, projection, table: table, decoder, into: next)
        unsafe next += rows.count * decoder.groupSize * decoder.headDimension
      }
    }
  }

  /// Joins what a reader's units gave.
  private func merge(
    _ partials: SharedPartials, _ plan: SharedAttentionPlan, _ reader: SharedAttentionPlan.Reader, head: Int,
    into output: Matrix, _ decoder: DecoderDescription
  ) {
    let rowNumbers = decoder.groupSize * decoder.headDimension
    let count = reader.parts.count
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: 2 * count) { pointers in
      guard let results = pointers.baseAddress else { return }
      let logarithms = unsafe results + count
      for (offset, row) in reader.rows.enumerated() {
        for (index, part) in reader.parts.enumerated() {
          let from = head * plan.parts + plan.tasks[part.task].firstPart + part.row + offset
          unsafe (results + index).initialize(to: UnsafePointer(partials.results.pointer(row: from)))
          unsafe (logarithms + index).initialize(to: UnsafePointer(partials.logarithms.pointer(row: from)))
        }
        unsafe ck_attention_merge(
          count, results, logarithms, decoder.groupSize, decoder.headDimension,
          output.pointer(row: row) + head * rowNumbers, nil)
      }
    }
  }
}

/// What tasks leave for each unit and row: results, (group, headDimension), and the logarithm of each one's softmax
/// denominator.
private struct SharedPartials {
  let results: Matrix
  let logarithms: Matrix
}

extension SharedAttentionPlan {
  /// Lends what the kernel reads of one head for a task: its units, and the positions of its rows, as the first reader has
  /// them. What a row sees of a unit, and at which distance, depends on the difference of both alone.
  fileprivate func withRuns(
    of task: Task, _ pass: Pass, layer: Int, head: Int, _ decoder: DecoderDescription,
    _ body: (UnsafeBufferPointer<ck_kv_run>, UnsafeBufferPointer<Int32>) -> Void
  ) {
    let first = pass.spans[readers[task.readers[0].index].span]
    unsafe withUnsafeTemporaryAllocation(of: ck_kv_run.self, capacity: task.units.count) { runs in
      unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: task.rows) { positions in
        for (index, unit) in task.units.enumerated() {
          var run = unsafe first.run(unit.run, layer: layer, head: head).tiles(unit.tiles, decoder.headDimension)
          unsafe run.variant = Int32(unit.form)
          unsafe runs.initializeElement(at: index, to: run)
        }
        var next = 0
        for reader in task.readers {
          for row in readers[reader.index].rows {
            unsafe positions.initializeElement(at: next, to: pass.positions[row] - reader.distance)
            next += 1
          }
        }
        unsafe body(UnsafeBufferPointer(runs), UnsafeBufferPointer(positions))
      }
    }
  }
}

extension Pass.Span {
  /// What the kernel reads of one head of a cached segment or, behind these, of a page.
  fileprivate func run(_ index: Int, layer: Int, head: Int) -> ck_kv_run {
    index < cached.count
      ? unsafe cached[index].keysAndValues(layer: layer, head: head)
      : unsafe fresh.run(page: index - cached.count, layer: layer, head: head, tokens: tokens.upperBound)
  }
}
