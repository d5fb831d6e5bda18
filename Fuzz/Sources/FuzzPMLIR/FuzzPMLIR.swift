import FuzzBounds
import PMLCompiler

/// What libFuzzer calls for each input that it comes up with.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  Bounds.hold {
    FuzzPMLIR.read(file: bytes)
    FuzzPMLIR.read(schema: bytes)
  }
  return 0
}

/// Reads an input as a `.pmlir` file, and as the schema in one, and holds what is read to its promises.
enum FuzzPMLIR {
  static func read(file bytes: [UInt8]) {
    do {
      use(try CompiledSchema(decoding: bytes))
    } catch .hashMismatch(let stored, let found) {
      // No change of a schema gets past its digest, so what follows is given the right one.
      let text = String(decoding: bytes, as: UTF8.self)
      let mended = text.replacing(stored.hexadecimal, with: found.hexadecimal)
      do {
        use(try CompiledSchema(decoding: Array(mended.utf8)))
      } catch {
        check(error)
      }
    } catch {
      check(error)
    }
  }

  static func read(schema bytes: [UInt8]) {
    let schema: Schema
    do {
      schema = try Schema(canonicalJSON: bytes)
    } catch {
      return check(error)
    }
    Bounds.require((try? Schema(canonicalJSON: schema.canonicalJSON)) == schema, "the schema reads back as another")
    var diagnostics: [Diagnostic] = []
    guard let layout = SchemaLayout(of: schema, tokenizer: Bytes(), sources: nil, diagnostics: &diagnostics) else {
      return Bounds.require(diagnostics.contains { $0.severity == .error }, "neither a layout nor an error")
    }
    use(CompiledSchema(schema: schema, template: .plain, layout: layout))
  }

  private static func use(_ compiled: CompiledSchema) {
    let read = try? CompiledSchema(decoding: compiled.encoded)
    Bounds.require(read == compiled, "the compiled schema reads back as another")
    let plan = EncodingPlan(of: compiled.layout)
    for encoding in plan.encodings { _ = (plan.context(of: encoding), plan.tokens(of: encoding)) }
    Bounds.require(SchemaDiff(from: plan, to: plan).computed.isEmpty, "a schema differs from itself")
    _ = PML.promptGrammar(for: compiled.schema)
  }

  private static func check(_ error: IRError) {
    Bounds.requirePrintable(error.message)
  }
}

/// One token per byte, and others for a template's.
struct Bytes: TextTokenizer {
  var beginOfSequence: TokenID? { 1 }
  var placeholder: TokenID { 2 }
  var contextLength: Int { 1 << 20 }

  func tokens(of text: String) -> [TokenID] { text.utf8.map { TokenID($0) } }
  func tokens(ofTemplate text: String) -> [TokenID] { text.utf8.map { TokenID($0) + 1000 } }
}
