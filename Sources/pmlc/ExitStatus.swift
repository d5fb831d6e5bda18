import ArgumentParser

extension ExitCode {
  /// The input has errors, or damage was found.
  static let badInput = ExitCode(1)
  /// It could not be carried out: I/O, model, store.
  static let notDone = ExitCode(2)
}
