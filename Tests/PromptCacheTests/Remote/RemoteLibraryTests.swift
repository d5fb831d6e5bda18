import Foundation
import ObjectStorage
import PromptCache
import TestSupport
import Testing

/// Libraries on several machines, and machines that warm at once.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteLibraryTests {
  private static let desk = """
    <schema name="desk">Answer the question from the documents.<library name="docs" window="120">
      <module name="worbi">The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.</module>
      <module name="dripin">The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.</module>
      <module name="norville">Norville lies on the river Lenbru. The mayor of Norville is Taki.</module>
    </library></schema>
    """
  private static let named = "<prompt schema=\"desk\"><docs><dripin/></docs> How much is the Dripin?</prompt>"
  private static let searched = "<prompt schema=\"desk\"><docs top=\"1\"/> Who is the mayor of Norville?</prompt>"

  /// A second machine has the documents' texts, index and states from the first: it finds documents, answers from them, and
  /// computes nothing.
  @Test func secondMachine() async throws {
    let first = try Machine()
    let warmed = try first.warm(Self.desk)
    #expect(warmed.encodings.computed > 3 && warmed.remote?.version == 1)
    let second = try Machine(first.prefix)
    for prompt in [Self.named, Self.searched] {
      expectSame(try await first.answer(prompt, of: "desk"), try await second.answer(prompt, of: "desk"))
    }
    #expect(second.warnings.isEmpty && second.remote.usage.put == 0)
    // A document that no prompt used has not come.
    #expect(try second.missing(of: "desk") > 0)
    let third = try Machine(first.prefix)
    let schema = try third.schema(Self.desk)
    let forecast = try third.session.forecast(schema, askingRemote: true)
    #expect(forecast.encodings.computed == 0 && forecast.encodings.fetched == warmed.encodings.computed)
    let again = try third.warm(Self.desk)
    #expect(again.encodings.computed == 0 && again.encodings.fetched == warmed.encodings.computed)
    #expect(again.bytesFetched == forecast.bytesFetched)
  }

  /// An edit of one document is all that the next one computes.
  @Test func edited() throws {
    let first = try Machine()
    try first.warm(Self.desk)
    let second = try Machine(first.prefix)
    let report = try second.warm(Self.desk.replacingOccurrences(of: "820", with: "830"))
    #expect(report.encodings.computed == 1 && report.remote?.version == 2)
  }

  /// Machines that warm the same at once share the work: all of it is computed, and each encoding once. They share by claims
  /// that hold for a minute, so that it is twice where one of them takes longer for a pass, or is held up.
  @Test func computedOnce() async throws {
    let prefix = UUID().uuidString.lowercased()
    let modules = (0..<20).map { number in
      "<module name=\"m\(number)\">\((0..<60).map { "word\($0 &* 7 &+ number)" }.joined(separator: " "))</module>"
    }.joined()
    let text = """
      <schema name="many">Some documents. \(modules)<library name="docs" window="120">
      <module name="worbi">The Worbi costs 149 euros.</module><module name="dripin">The Dripin weighs 14.3 kg.</module>
      </library></schema>
      """
    let machines = try (0..<3).map { _ in try Machine(prefix) }
    let reports = try await withThrowingTaskGroup(of: WarmReport.self) { group in
      for machine in machines { group.addTask { try machine.warm(text) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(reports.allSatisfy { $0.remote?.version == 1 })
    let states = try machines[0].states().count
    #expect(reports.reduce(0) { $0 + $1.encodings.computed } == states)
    for machine in machines { #expect(try machine.missing(of: "many") == 0 && machine.warnings.isEmpty) }
  }
}
