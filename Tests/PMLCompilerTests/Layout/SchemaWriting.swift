import PMLCompiler

// Short forms for schemas in tests.

func text(_ text: String) -> Schema.Node { .text(TextRun(text)) }

func template(_ text: String) -> Schema.Node { .text(TextRun(text, origin: .template)) }

func parameter(
  _ name: String, length: Int, scaffold: String? = nil, default defaultText: String? = nil, space: Bool = false
) -> Schema.Node {
  .parameter(
    Schema.Parameter(name: name, length: length, placeholder: scaffold, defaultText: defaultText, leadingSpace: space))
}

func member(
  _ name: String, attention: Schema.Attention = .context, cache: Bool = true, _ nodes: [Schema.Node]
) -> Schema.Module {
  Schema.Module(name: name, attention: attention, cache: cache, nodes: nodes)
}

func module(
  _ name: String, attention: Schema.Attention = .context, cache: Bool = true, _ nodes: [Schema.Node]
) -> Schema.Node {
  .module(member(name, attention: attention, cache: cache, nodes))
}

func union(_ members: [Schema.Module], scaffold: String? = nil) -> Schema.Node {
  .union(Schema.Union(members: members, representative: scaffold))
}

/// A schema whose positions are fixed, so that places can be counted, unless a test is about compact ones.
func schema(
  _ nodes: [Schema.Node], attention: Schema.Attention = .context, scaffolds: [[String]] = [],
  positions: Schema.Positions = .fixed
) -> Schema {
  Schema(
    name: "s", positions: positions, attention: attention, nodes: nodes,
    scaffolds: scaffolds.map { Schema.Scaffold(modules: $0.map(path)) })
}

func path(_ text: String) -> ModulePath { ModulePath(text.split(separator: "/").map(String.init)) }

/// Any range, for what has no source.
let nowhere = SourcePosition(offset: 0, line: 1, column: 1)..<SourcePosition(offset: 0, line: 1, column: 1)

func range(_ offset: Int, _ count: Int = 1) -> Range<SourcePosition> {
  let start = SourcePosition(offset: offset, line: 1, column: offset + 1)
  let end = SourcePosition(offset: offset + count, line: 1, column: offset + count + 1)
  return start..<end
}

/// The layout of a schema that has one.
func layout(_ schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()) throws -> SchemaLayout {
  var diagnostics: [Diagnostic] = []
  let layout = SchemaLayout(of: schema, tokenizer: tokenizer, sources: nil, diagnostics: &diagnostics)
  guard let layout else { throw Unexpected(diagnostics: diagnostics) }
  return layout
}

func plan(_ schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()) throws -> EncodingPlan {
  EncodingPlan(of: try layout(schema, tokenizer))
}

struct Unexpected: Error {
  let diagnostics: [Diagnostic]
}
