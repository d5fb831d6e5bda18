import PMLCompiler
import Testing

struct SchemaDiffTests {
  /// `path text: reason` of what has to be computed.
  private func changes(_ old: Schema, _ new: Schema) throws -> [String] {
    let diff = SchemaDiff(from: try plan(old), to: try plan(new))
    return diff.computed.map { change in
      let encoding = diff.new.encodings[change.encoding]
      let path = diff.new.layout.modules[diff.new.layout.module(of: encoding.item)].path
      let text = diff.new.tokens(of: encoding).spelled
      let mark = encoding.scaffold == nil ? "" : "'"
      switch change.reason {
      case .new: return "\(path) \(text)\(mark): new"
      case .textChanged: return "\(path) \(text)\(mark): text"
      case .moved(let distance): return "\(path) \(text)\(mark): moved \(distance)"
      // The schema's own path is empty.
      case .contextChanged(let causes):
        return "\(path) \(text)\(mark): sees [\(causes.map(\.description).joined(separator: " "))]"
      }
    }
  }

  private func travel(_ a: String = "aa", _ m: String = "mm", _ n: String = "nn", o: String = "oo") -> Schema {
    schema([
      text(a), module("m", [text(m), module("n", [text(n)]), text("zz")]),
      module("o", attention: .isolated, [text(o)]),
    ])
  }

  @Test func nothingChanges() throws {
    #expect(try changes(travel(), travel()) == [])
    let diff = SchemaDiff(from: try plan(travel()), to: try plan(travel()))
    #expect(diff.kept == [0, 1, 2, 3, 4, 5] && diff.dropped == [])
  }

  @Test func aTextChangesWithWhatSeesIt() throws {
    #expect(try changes(travel(), travel("aa", "MM")) == ["m MM: text", "m/n nn: sees [m]", "m zz: sees [m]"])
    #expect(try changes(travel(), travel("aa", "mm", "NN")) == ["m/n NN: text"])
    #expect(
      try changes(travel(), travel("AA"))
        == [" AA: text", "m mm: sees []", "m/n nn: sees []", "m zz: sees []"])
  }

  @Test func longerTextMovesWhatFollowsButNotTheIsolated() throws {
    #expect(
      try changes(travel(), travel("aa", "mm", "nnn")) == ["m/n nnn: text", "m zz: moved 1"])
    #expect(
      try changes(travel(), travel("a")) == [" a: text", "m mm: moved -1", "m/n nn: moved -1", "m zz: moved -1"])
  }

  @Test func newAndDroppedText() throws {
    let old = schema([text("a"), module("m", [text("b")])])
    let new = schema([text("a"), module("m", [text("b"), text("c")]), module("n", [text("d")])])
    #expect(try changes(old, new) == ["m c: new", "n d: new"])
    #expect(try changes(new, old) == [])
    let diff = SchemaDiff(from: try plan(new), to: try plan(old))
    #expect(diff.dropped.map { diff.old.tokens(of: diff.old.encodings[$0]).spelled } == ["c", "d"])
  }

  @Test func aNewScaffoldIsNew() throws {
    let modules = [module("m", [text("b")]), module("n", [text("c")])]
    #expect(try changes(schema(modules), schema(modules, scaffolds: [["m", "n"]])) == ["n c': new"])
  }

  @Test func anotherAttentionIsAnotherContext() throws {
    func schema(_ attention: Schema.Attention) -> Schema {
      PMLCompilerTests.schema([text("a"), module("m", attention: attention, [text("b"), module("n", [text("c")])])])
    }
    #expect(try changes(schema(.context), schema(.isolated)) == ["m b: sees []", "m/n c: sees [m]"])
  }

  @Test func equalEncodingsCountOnce() throws {
    let twice = schema([
      module("m", attention: .isolated, [text("b")]), module("n", attention: .isolated, [text("b")]),
    ])
    let diff = SchemaDiff(from: try plan(schema([])), to: try plan(twice))
    #expect(diff.kept == [0] && diff.computed.map(\.encoding) == [1])
  }
}
