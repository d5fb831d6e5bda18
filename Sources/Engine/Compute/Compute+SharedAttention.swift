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
      results: try workspace.matrix(.partials, rows: heads * plan.partialRows, columns: rowNumbers),
      logarithms: try workspace.matrix(.partialLogarithms, rows: heads * plan.partialRows, columns: decoder.groupSize))
    let runs = unsafe plan.kernelRuns(pass, layer: layer, decoder)
    countdowns.begin(heads * plan.readers.count) { plan.readers[$0 % plan.readers.count].tasks }
    try unsafe run(heads * plan.tasks.count, scratch: kernelNumbers + plan.mostTurnedRows * rowNumbers) {
      index, scratch in
      let (head, task) = (index / plan.tasks.count, plan.tasks[index % plan.tasks.count])
      let queries = unsafe scratch + kernelNumbers
      unsafe turnQueries(task, plan, head: head, projection, table: table, decoder, into: queries)
      let first = head * plan.partialRows + task.firstPart
      let firstRun = head * plan.units.count + task.units.lowerBound
      unsafe runs.withUnsafeBufferPointer { runs in
        unsafe plan.positions.withUnsafeBufferPointer { positions in
          unsafe decoder.withKernelCall(
            head: head, positions: UnsafeBufferPointer(rebasing: positions[task.positions]), layer: layer,
            runs: UnsafeBufferPointer(rebasing: runs[firstRun..<firstRun + task.units.count])
          ) { call in
            unsafe call.pointee.queries = UnsafePointer(queries)
            unsafe call.pointee.output = partials.results.pointer(row: first)
            unsafe call.pointee.output_token_stride = rowNumbers
            unsafe call.pointee.output_run_stride = task.rows * rowNumbers
            unsafe call.pointee.log_sum_exp = partials.logarithms.pointer(row: first)
            unsafe call.pointee.scratch = UnsafeMutableRawPointer(scratch)
            // The next task is most often this thread's too.
            unsafe call.pointee.runs_ahead = Int32(min(runs.count - firstRun - task.units.count, Self.runsAhead))
            unsafe ck_attention(call)
          }
        }
      }
      // Whoever ends a reader's last task merges what all gave.
      for member in task.members {
        let reader = plan.members[member]
        if countdowns.end(group: head * plan.readers.count + reader) {
          merge(partials, plan, plan.readers[reader], head: head, into: output, decoder)
        }
      }
    }
  }

  /// Runs of the tasks behind one that memory is asked for meanwhile: short ones, for a block of tokens.
  private static let runsAhead = 4

  /// Writes the queries of a task's rows in each form that it needs: (forms, rows, group, headDimension).
  private func turnQueries(
    _ task: SharedAttentionPlan.Task, _ plan: SharedAttentionPlan, head: Int, _ projection: Matrix,
    table: RotaryTable?, _ decoder: DecoderDescription, into queries: UnsafeMutablePointer<Float>
  ) {
    var next = unsafe queries
    for (index, angle) in task.angles.enumerated() {
      let reader = plan.readers[plan.members[task.members.lowerBound + index % task.members.count]]
      unsafe turnQueries(
        head: head, reader.rows, angle: plan.angles[angle], projection, table: table, decoder, into: next)
      unsafe next += reader.rows.count * decoder.groupSize * decoder.headDimension
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
          let from = head * plan.partialRows + plan.parts[part] + offset
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
  /// What the kernel reads of each head, (heads, units): those of a task, and of the next one, lie beside each other.
  fileprivate func kernelRuns(_ pass: Pass, layer: Int, _ decoder: DecoderDescription) -> [ck_kv_run] {
    var kernelRuns = unsafe [ck_kv_run]()
    unsafe kernelRuns.reserveCapacity(decoder.keyValueHeads * units.count)
    for head in 0..<decoder.keyValueHeads {
      let whole = unsafe runs.map { unsafe pass.spans[$0.span].run($0.index, layer: layer, head: head) }
      for unit in units {
        var run = unsafe whole[unit.run].tiles(unit.tiles, decoder.headDimension)
        unsafe run.variant = Int32(unit.form)
        unsafe kernelRuns.append(run)
      }
    }
    return unsafe kernelRuns
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
