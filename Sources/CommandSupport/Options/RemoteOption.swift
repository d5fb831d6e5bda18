package import ArgumentParser
package import PromptCache

/// Which remote store the local one is a cache of.
package struct RemoteOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      A remote store, s3://BUCKET[/PREFIX], to share states between machines. Without it, $PMLC_REMOTE, else none. Endpoint, \
      region and keys are found as the AWS command line finds them.
      """, valueName: "url"),
    transform: RawArguments.text)
  package var remote: String?

  package init() {}

  /// The one that is named.
  package init(_ remote: String) { self.remote = remote }

  /// The remote store, if one is named.
  ///
  /// - Parameter warn: told what goes wrong with it; without it, standard error is.
  package func store(
    warn: @escaping @Sendable (RemoteWarning) -> Void = { Notes.line("pmlc: warning: \($0.message)") }
  ) throws(ObjectStorageError) -> RemoteStore? {
    guard let text = remote ?? ClientConfiguration.variable("PMLC_REMOTE") else { return nil }
    Self.keepOutOfCores()
    FreedMemory.keep()
    return try RemoteStore(at: ObjectLocation(text), configuration: ClientConfiguration(), warn: warn)
  }

  /// From here on this process has keys in its memory, which no core is to hold (core(5), "Controlling which mappings are
  /// written to the core dump").
  private static func keepOutOfCores() {
    guard let file = try? OpenFile("/proc/self/coredump_filter", .writing) else { return }
    let none = Array("0".utf8)
    try? unsafe file.write(none.span.bytes)
  }

  /// The remote store, which has to be named.
  package func required() throws -> RemoteStore {
    guard let store = try store() else { throw NoRemoteStore() }
    return store
  }
}

/// Neither an option nor an environment variable names a remote store.
package struct NoRemoteStore: CategorizedError {
  package var category: FailureCategory { .input }
  package var message: String { "no remote store is named" }
  package var remedies: [Remedy] { [.other("pass `--remote s3://BUCKET`, or set PMLC_REMOTE")] }
}
