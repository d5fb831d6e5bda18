import ArgumentParser
import CommandSupport
import PromptCache

struct CollectGarbage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free versions and encodings that are not needed.",
    discussion: """
      Without options, only encodings that no version needs are freed. Pinned versions, and those that a process uses, \
      always stay. Joint encodings stay as long as there is a version of their schema and enough room: they are the first to \
      go where there is a limit. Prepared weights go with the last version for their model.

      With --remote, what no version there names is freed, if it is older than --older-than, and with --keep older versions. It \
      may be done while others publish. Joint encodings, which no version names, go by --joint-older-than alone.
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Newest versions of each model, schema and KV format to keep.", valueName: "n"))
  var keep: Int?

  @Option(
    name: .customLong("max-bytes"), parsing: .unconditional,
    help: ArgumentHelp(
      "Free the least recently used encodings until the rest takes no more: bytes, or with a unit (200MB, 1.5GiB).",
      valueName: "size"))
  var limit: ByteCount?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Free what is in this remote store, and not in the local one.", valueName: "url"),
    transform: RawArguments.text)
  var remote: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("With --remote, free only what is as many hours old.", valueName: "hours"))
  var olderThan: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --remote, free only joint encodings that are as many hours old. Without it: 720.", valueName: "hours"))
  var jointOlderThan: Double?

  @Flag(help: "Say what would be freed, and free nothing.")
  var dryRun = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if let keep, keep < 0 { throw ValidationError("--keep takes 0 or more") }
    for (name, hours) in [("--older-than", olderThan), ("--joint-older-than", jointOlderThan)] {
      guard let hours else { continue }
      if !(0...1e6).contains(hours) { throw ValidationError("\(name) takes 0 to 1000000") }
      if remote == nil { throw ValidationError("\(name) goes with --remote") }
    }
    if remote != nil, limit != nil { throw ValidationError("--max-bytes does not go with --remote") }
  }

  func run() throws {
    if let remote { return try collect(in: RemoteOption(remote).required()) }
    let store = try storeOptions.open(for: dryRun ? .reading : .changing)
    let report = try store.collectGarbage(GarbagePolicy(keep: keep, maximumBytes: limit?.bytes), dryRun: dryRun)
    if json { return try Results.json(report) }
    try report.show(isPlan: dryRun)
  }

  /// Frees what is in a remote store.
  private func collect(in remote: RemoteStore) throws {
    let report = try remote.collectGarbage(
      namespace: storeOptions.namespace, keep: keep, olderThan: Int((olderThan ?? 24) * 3600),
      jointOlderThan: Int((jointOlderThan ?? 720) * 3600), dryRun: dryRun)
    if json { try Results.json(report) } else { try report.show(isPlan: dryRun) }
  }
}

extension RemoteGarbageReport {
  /// Prints what was freed, or would be.
  fileprivate func show(isPlan: Bool) throws {
    for version in versions {
      try Results.line("\(isPlan ? "would free" : "freed") version \(version.number) of `\(version.schema)`")
    }
    if spared > 0 {
      try Results.line("\(spared) encodings stay though no version names them: somebody is publishing")
    }
    if young > 0 { try Results.line("\(young) encodings stay though no version names them: they are young") }
    try Results.line(
      "\(encodings) encodings\(joint > 0 ? " (\(joint) joint)" : ""), "
        + "\(formatted(bytes: byteCount)) \(isPlan ? "would be " : "")freed; \(formatted(bytes: byteCountLeft)) left")
  }
}

extension GarbageReport {
  /// Prints what was freed, or would be.
  func show(isPlan: Bool) throws {
    for version in versions {
      try Results.line("\(isPlan ? "would free" : "freed") version \(version.number) of `\(version.schema)`")
    }
    for version in spared {
      try Results.line("kept version \(version.number) of `\(version.schema)`: pinned or in use")
    }
    if preparedFiles > 0 {
      try Results.line(
        "\(preparedFiles) prepared weights and indexes, \(formatted(bytes: preparedByteCount)) "
          + "\(isPlan ? "would be " : "")freed: no version is left that needs them")
    }
    try Results.line(
      "\(encodings) encodings\(joint > 0 ? " (\(joint) joint)" : ""), "
        + "\(formatted(bytes: byteCount)) \(isPlan ? "would be " : "")freed; \(formatted(bytes: byteCountLeft)) left")
  }
}
