import KVCacheFormat

/// How the attention of short inputs is cut into tasks, so that what several sequences attend to is read once for all of
/// them.
///
/// Keys are cut into units: some tiles of a cached segment, or of a page of a sequence's own states. Each unit has a softmax
/// of its own, and those of a sequence are merged in its order. So its bits do not depend on which others attend to the
/// same units, in which combination they have them, and at which places.
///
/// Its lists are flat and hold plain numbers: all threads look at them for each task of each head in each layer, and would
/// count references to whatever else there was.
struct SharedAttentionPlan {
  /// Some rows of one sequence.
  struct Reader {
    let rows: Range<Int>
    /// Where in `parts` its units are.
    let parts: Range<Int>
    /// Tasks of a head that work for it.
    let tasks: Int
  }

  /// Units that the same readers attend to, for any head.
  struct Task {
    /// Where in `members` its readers are.
    let members: Range<Int>
    /// Where in `positions` those of all its readers' rows are.
    let positions: Range<Int>
    let units: Range<Int>
    /// Where in `angles` those of its queries are.
    let angles: Range<Int>
    /// First row of its results in a head's memory of partial results: units × rows.
    let firstPart: Int

    /// Rows of all readers.
    var rows: Int { positions.count }
  }

  /// A unit of a task, as its first reader has it.
  struct Unit {
    /// Index in `runs`.
    let run: Int
    let tiles: Range<Int>
    /// Index of its rotated form of the queries among those of its task.
    let form: Int
  }

  /// A cached segment that a span attends to or, behind these, a page.
  struct Run: Hashable {
    let span: Int
    let index: Int
  }

  private(set) var readers: [Reader] = []
  private(set) var tasks: [Task] = []
  /// Readers of tasks, by index.
  private(set) var members: [Int] = []
  /// Positions of rows of tasks, as the task's first reader has its units. What a row sees of a unit, and at which distance,
  /// depends on the difference of both alone.
  private(set) var positions: [Int32] = []
  private(set) var units: [Unit] = []
  private(set) var runs: [Run] = []
  /// For each rotated form of a task's queries, and each of its readers, the angles of the reader's first row.
  private(set) var angles: [Int] = []
  /// For each unit of a reader, the row of a head's partial results where its own begin.
  private(set) var parts: [Int] = []
  /// Rows of partial results of a head.
  private(set) var partialRows = 0
  /// Greatest number of rows of a task, and of rows in all their forms.
  private(set) var mostRows = 0
  private(set) var mostTurnedRows = 0

  /// The plan for `rows` of each span.
  init(_ pass: Pass, _ decoder: DecoderDescription, rows: (Pass.Span) -> Range<Int>) {
    let draft = Draft(pass, decoder, rows: rows)
    var known: [Run: Int] = [:]
    for task in draft.tasks { add(task, of: draft, pass, &known) }
    for reader in draft.readers {
      let first = parts.count
      parts += reader.parts.map { tasks[$0.task].firstPart + $0.row }
      readers.append(Reader(rows: reader.rows, parts: first..<parts.count, tasks: reader.tasks))
    }
  }

  /// Lays a task out.
  private mutating func add(_ task: Draft.Task, of draft: Draft, _ pass: Pass, _ known: inout [Run: Int]) {
    let (firstMember, firstPosition, firstUnit) = (members.count, positions.count, units.count)
    let firstAngle = angles.count
    let span = draft.readers[task.readers[0].index].span
    for (index, distance) in task.readers {
      members.append(index)
      positions += draft.readers[index].rows.map { pass.positions[$0] - distance }
    }
    for unit in task.units {
      let run = Run(span: span, index: unit.run)
      let index = known[run] ?? runs.count
      if index == runs.count {
        known[run] = index
        runs.append(run)
      }
      units.append(Unit(run: index, tiles: unit.tiles, form: unit.form))
    }
    for forms in task.forms {
      for (reader, form) in zip(task.readers, forms) {
        let (span, rows) = (pass.spans[draft.readers[reader.index].span], draft.readers[reader.index].rows)
        angles.append(span.angle(form: form, row: rows.lowerBound))
      }
    }
    tasks.append(
      Task(
        members: firstMember..<members.count, positions: firstPosition..<positions.count,
        units: firstUnit..<units.count, angles: firstAngle..<angles.count, firstPart: partialRows))
    partialRows += task.units.count * task.rows
    mostRows = max(mostRows, task.rows)
    mostTurnedRows = max(mostTurnedRows, task.rows * task.forms.count)
  }
}

/// The same while tasks grow, each at its own pace.
private struct Draft {
  /// Some rows of one sequence.
  struct Reader {
    let span: Int
    let rows: Range<Int>
    /// Where the results of each of its units are.
    var parts: [Part]
    /// Tasks of a head that work for it.
    var tasks = 0
  }

  /// The results of a unit for a reader: in those of a task, from a row on.
  struct Part {
    let task: Int
    let row: Int
  }

  /// Units that the same readers attend to, for any head.
  struct Task {
    /// Readers, by index, and by how many positions later each has these units than the first one.
    let readers: [(index: Int, distance: Int32)]
    /// Rows of all readers.
    let rows: Int
    var units: [Unit] = []
    /// For each rotated form that is needed of the queries, which one that is of each reader.
    var forms: [[Int]] = []
  }

  /// A unit of a task, as its first reader has it.
  struct Unit {
    /// Index of a run: a cached segment, or, behind these, a page.
    let run: Int
    let tiles: Range<Int>
    /// Index of its forms.
    let form: Int
  }

  private(set) var readers: [Reader] = []
  private(set) var tasks: [Task] = []

  /// Tiles of a unit at most.
  private static let tilesPerUnit = 16
  /// Tasks that there are at least, if there is the work for it: enough for some cores to balance.
  private static let tasksWanted = 16

  /// The plan for `rows` of each span.
  init(_ pass: Pass, _ decoder: DecoderDescription, rows: (Pass.Span) -> Range<Int>) {
    let size = decoder.rowsPerBlock
    let units = pass.spans.map { $0.units(of: Self.tilesPerUnit) }
    readers = pass.blocks(of: size, rows: rows).map { span, rows in
      Reader(
        span: span, rows: rows, parts: Array(repeating: Part(task: 0, row: 0), count: units[span].count))
    }
    // Who attends to each unit, in the order in which they are met first.
    var groups: [[(reader: Int, unit: Int)]] = []
    var known: [SegmentUnit.Content: Int] = [:]
    var work = 0
    for (index, reader) in readers.enumerated() {
      for (number, unit) in units[reader.span].enumerated() {
        work += unit.tiles.count * reader.rows.count
        if let group = known[unit.content] {
          groups[group].append((index, number))
        } else {
          known[unit.content] = groups.count
          groups.append([(index, number)])
        }
      }
    }
    let mostWork = max(work * decoder.keyValueHeads / Self.tasksWanted, Self.tilesPerUnit)
    var open: [[Int]: OpenTask] = [:]
    for group in groups {
      for members in group.cut(into: size, rows: { readers[$0.reader].rows.count }) {
        add(members, units: units, mostWork: mostWork, &open)
      }
    }
  }

  /// A task that the next unit of the same readers may go to.
  private struct OpenTask {
    let index: Int
    var work: Int
  }

  /// Gives a unit to a task.
  private mutating func add(
    _ members: [(reader: Int, unit: Int)], units: [[SegmentUnit]], mostWork: Int, _ open: inout [[Int]: OpenTask]
  ) {
    let seen = members.map { units[readers[$0.reader].span][$0.unit] }
    let distances = seen.map { $0.place - seen[0].place }
    let rows = members.reduce(0) { $0 + readers[$1.reader].rows.count }
    let work = rows * seen[0].tiles.count
    let key = members.map(\.reader)
    var task = open[key] ?? OpenTask(index: -1, work: 0)
    if task.index < 0 || task.work + work > mostWork || tasks[task.index].readers.map(\.distance) != distances {
      task = OpenTask(index: tasks.count, work: 0)
      tasks.append(Task(readers: zip(key, distances).map { (index: $0, distance: $1) }, rows: rows))
      for reader in key { readers[reader].tasks += 1 }
    }
    task.work += work
    open[key] = task
    let forms = seen.map(\.form)
    if tasks[task.index].forms.last != forms { tasks[task.index].forms.append(forms) }
    var row = tasks[task.index].units.count * rows
    tasks[task.index].units.append(
      Unit(run: seen[0].run, tiles: seen[0].tiles, form: tasks[task.index].forms.count - 1))
    for member in members {
      readers[member.reader].parts[member.unit] = Part(task: task.index, row: row)
      row += readers[member.reader].rows.count
    }
  }
}

/// A part of what one sequence attends to.
private struct SegmentUnit {
  /// What tells it from others, whichever sequence has it.
  struct Content: Hashable {
    enum States: Hashable {
      case segment(KVSegment.Identity, count: Int32, omitted: [UInt16])
      case page(ObjectIdentifier, tokens: Int)
    }

    let states: States
    let firstTile: Int
  }

  let content: Content
  let run: Int
  let tiles: Range<Int>
  let place: Int32
  let form: Int
}

extension Pass.Span {
  /// All that the sequence attends to, in order.
  fileprivate func units(of size: Int) -> [SegmentUnit] {
    var units: [SegmentUnit] = []
    for (index, run) in cached.enumerated() {
      let tiles = (Int(run.count) + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens
      let states = SegmentUnit.Content.States.segment(
        run.segment.identity, count: run.count, omitted: run.omitted?.allBits ?? [])
      for start in stride(from: 0, to: tiles, by: size) {
        units.append(
          SegmentUnit(
            content: SegmentUnit.Content(states: states, firstTile: start), run: index,
            tiles: start..<min(start + size, tiles), place: run.place, form: Int(run.variant)))
      }
    }
    for page in 0..<fresh.runs(of: tokens.upperBound) {
      let (identity, count) = fresh.page(page, ofFirst: tokens.upperBound)
      let tiles = (count + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens
      for start in stride(from: 0, to: tiles, by: size) {
        units.append(
          SegmentUnit(
            content: SegmentUnit.Content(states: .page(identity, tokens: count), firstTile: start),
            run: cached.count + page, tiles: start..<min(start + size, tiles), place: 0, form: 0))
      }
    }
    return units
  }
}

extension Array {
  /// The elements in order, in parts of at most `most` rows each, or of one element.
  fileprivate func cut(into most: Int, rows: (Element) -> Int) -> [[Element]] {
    var parts: [[Element]] = []
    var count = 0
    for element in self {
      count += rows(element)
      if parts.isEmpty || count > most {
        parts.append([])
        count = rows(element)
      }
      parts[parts.count - 1].append(element)
    }
    return parts
  }
}
