import PMLCompiler
import Testing

/// Every reason for which libxml2 gives up, with its exact place: in the middle of several lines, behind text of several
/// bytes a character, and in the last line. `«` and `»` mark the characters that a diagnostic has to point at.
@Suite struct ExactPlaceTests {
  /// What may stand around a mistake in a schema's content.
  private static let surroundings: [(before: String, after: String)] = [
    ("<schema name=\"s\">", "</schema>"),
    ("<schema name=\"s\">\n  one\n  two ", " three\n  four\n</schema>\n"),
    ("<schema name=\"s\">東京🍕 é ", " é</schema>"),
    ("<schema name=\"s\">one ] ]> ]]\n東京 🍕\n\n<module name=\"é\">é\té", "\n東京\n</module>\n</schema>"),
    (
      "\u{FEFF}<?xml version=\"1.0\"?>\n<!-- 東 - 京 -->\n<schema name=\"s\"><![CDATA[]]]]><!-- - --> é\r\n",
      "\r\n</schema>"
    ),
    ("<schema name=\"s\">\n<module name=\"é\">a &amp; b</module>\r<?x ]]> -- ?>\r\n", "\nlast line é</schema>"),
  ]

  private static let mistakes: [(code: String, content: String)] = [
    // In text.
    ("PML021", "«]]>»"), ("PML021", "a ]«]]>»"), ("PML021", "é\né «]]>» é\n]]>"), ("PML021", "a\nb\n&lt; c«]]>»"),
    ("PML010", "a é\nb «<» c"), ("PML010", "é «<»3>"), ("PML010", "«<»!ELEMENT x>"), ("PML010", "«<»n; é"),
    ("PML011", "é\n é «&» é"), ("PML011", "é «&»lt é"), ("PML011", "é\n«&»é é"),
    ("PML012", "é\n«&é;» &b;"), ("PML013", "é\n«&#0;»é"), ("PML013", "é «&#x»é;"), ("PML013", "é «&#6»é;"),
    // Comments and the like.
    ("PML021", "<!-- é «--» é -->"), ("PML021", "<!-- a «--» é -->"), ("PML021", "<!-- é\n é\n«--»- é -->"),
    ("PML021", "<!--é«--»->"), ("PML021", "<!--\n東京\n- «--»<!-- a -->"), ("PML021", "<!-- a\nb «--» c -->"),
    ("PML015", "é\n«<!--» é\n é"), ("PML015", "é\n«<![CDATA[» é\n ]] > é"), ("PML015", "é\n«<?»é é\n é"),
    ("PML021", "é\n«<?» é?>"), ("PML021", "é\n«<?xml» version=\"1.0\"?>"),
    // Tags.
    ("PML016", "é\n<module\n name=«é»/>"), ("PML016", "<module\n name=\"é\" «cache»/>"),
    ("PML016", "<module\n a=\"é\"«n»ame=\"é\"/>"), ("PML016", "<module\n name=\"é\n«<» é\"/>"),
    ("PML016", "<module name=\"é\"\n «;»/>"), ("PML016", "<module\n é=\"é\" «3»=\"é\"/>"),
    ("PML017", "<module\n é=\"é\" name=\"é\"\n «é»=\"\"/>"), ("PML011", "<module\n name=\"é «&» é\"/>"),
    ("PML012", "<module\n name=\"é «&é;» é\"/>"), ("PML013", "<module\n name=\"é\n«&#0;» é\"/>"),
    ("PML014", "<user>é\né</«system»>"), ("PML015", "<user>é\n«</» é"),
  ]

  @Test(arguments: surroundings.indices) func theContentsMistakesAreFoundExactly(_ number: Int) throws {
    let (before, after) = Self.surroundings[number]
    for (code, content) in Self.mistakes { try expect(code, at: before + content + after) }
  }

  @Test(arguments: [
    ("PML018", "é\n"), ("PML018", "<!-- é -->\n é"), ("PML018", "«é»"), ("PML018", "<!-- é -->\n «é» é"),
    ("PML019", "<schema name=\"é\"/>\n<!-- é -->\n«é» é"), ("PML019", "<schema name=\"é\"/>\n«<»schema/>"),
    ("PML015", "<schema name=\"é\">\n<«user»>é\n"), ("PML015", "<«schema» name=\"é\">\né\n"),
    ("PML016", "<!-- é -->\n«<schema»\n name=\"é\""), ("PML015", "<schema\n «name»=\"é\n"),
    ("PML020", "<?xml\n «version=\"1.1\"»\n encoding=\"UTF-8\"?>\n<schema name=\"s\"/>"),
    ("PML020", "<?xml «version='2.0'»?><schema name=\"s\"/>"),
    ("PML021", "«<?xml» encoding=\"UTF-8\"?>\n<schema name=\"s\"/>"),
    ("PML021", "<?xml version=\"1.0\"\n standalone=\"«maybe»\"?>\n<schema name=\"s\"/>"),
    ("PML021", "<?xml version=\"1.0\"\n«x»=\"y\"?>\n<schema name=\"s\"/>"),
    ("PML021", "<?xml version=\"1.0\"«e»ncoding=\"UTF-8\"?>\n<schema name=\"s\"/>"),
    ("PML021", "<!-- é -->\n«<»/schema>"), ("PML021", "<!-- é «--»é --><schema name=\"s\"/>"),
    ("PML021", "<schema name=\"s\"/>\n<!-- é\n «--»é -->"),
  ])
  func wholeDocumentsToo(_ code: String, _ marked: String) throws {
    guard marked.contains("«") else {
      // Where nothing is there to point at, the place is the end or the first character.
      return #expect(compileSchema(marked).diagnostics.map(\.code.rawValue) == [code])
    }
    try expect(code, at: marked)
  }

  private func expect(_ code: String, at marked: String, _ location: SourceLocation = #_sourceLocation) throws {
    let parts = marked.split(separator: /[«»]/, omittingEmptySubsequences: false)
    try #require(parts.count == 3)
    let compilation = compileSchema(parts.joined())
    let found = compilation.diagnostics.map { diagnostic in
      let range = diagnostic.range
      return "\(diagnostic.code.rawValue) \(range.lowerBound.offset)..<\(range.upperBound.offset)"
    }
    let start = parts[0].utf8.count
    #expect(
      found == ["\(code) \(start)..<\(start + parts[1].utf8.count)"],
      "\(marked) has \(compilation.diagnostics.first.map { $0.text(in: compilation.source) } ?? "nothing")",
      sourceLocation: location)
  }
}
