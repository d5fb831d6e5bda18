package import ArgumentParser

extension ExitCode {
  /// The input has errors, or damage was found.
  package static let badInput = ExitCode(1)
  /// It could not be carried out: I/O, model, store.
  package static let notDone = ExitCode(2)
}
