internal import CSQLite

/// FTS5's tokenizer, apart from its tables.
@safe final class Tokenizer {
  private let database: Database
  private let functions: fts5_tokenizer
  private let handle: OpaquePointer

  init(
    _ interface: UnsafeMutablePointer<fts5_api>, _ arguments: [String], _ database: Database
  ) throws(TextIndexError) {
    var (context, functions): (UnsafeMutableRawPointer?, fts5_tokenizer) = (nil, fts5_tokenizer())
    try database.check(
      unsafe interface.pointee.xFindTokenizer(interface, "unicode61", &context, &functions), "fts5_api.xFindTokenizer")
    var handle: OpaquePointer?
    let code = unsafe withCStrings(arguments) { arguments in
      unsafe functions.xCreate(context, arguments.baseAddress, Int32(arguments.count), &handle)
    }
    try database.check(code, "fts5_tokenizer.xCreate")
    guard let handle = unsafe handle else {
      throw database.failed("fts5_tokenizer.xCreate")
    }
    unsafe self.handle = handle
    self.functions = functions
    self.database = database
  }

  deinit { unsafe functions.xDelete(handle) }

  /// The tokens of `text`, in UTF-8, as FTS5 would put them into a table.
  func tokens(of text: [UInt8]) throws(TextIndexError) -> [[UInt8]] {
    guard let count = Int32(exactly: text.count) else {
      throw database.failed("fts5_tokenizer.xTokenize", SQLITE_TOOBIG)
    }
    var tokens: [[UInt8]] = []
    let code = unsafe withUnsafeMutablePointer(to: &tokens) { tokens in
      unsafe text.withUnsafeBufferPointer { text in
        unsafe text.withMemoryRebound(to: CChar.self) { text in
          unsafe functions.xTokenize(handle, tokens, FTS5_TOKENIZE_DOCUMENT, text.baseAddress, count, addToken)
        }
      }
    }
    try database.check(code, "fts5_tokenizer.xTokenize")
    return tokens
  }
}

private func addToken(
  _ context: UnsafeMutableRawPointer?, _ flags: Int32, _ token: UnsafePointer<CChar>?, _ count: Int32, _ start: Int32,
  _ end: Int32
) -> Int32 {
  guard let context = unsafe context else { return SQLITE_MISUSE }
  let bytes = unsafe UnsafeRawBufferPointer(start: token, count: Int(count))
  unsafe context.assumingMemoryBound(to: [[UInt8]].self).pointee.append(Array(bytes))
  return SQLITE_OK
}

/// Lends texts as C has them.
private func withCStrings<R>(
  _ texts: [String], _ body: (UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> R
) -> R {
  var bytes: [CChar] = []
  var starts: [Int] = []
  for text in texts {
    starts.append(bytes.count)
    bytes += text.utf8.map { CChar(bitPattern: $0) } + [0]
  }
  return unsafe bytes.withUnsafeBufferPointer { bytes in
    var pointers = unsafe starts.map { start in unsafe bytes.baseAddress.map { unsafe $0 + start } }
    return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0) }
  }
}
