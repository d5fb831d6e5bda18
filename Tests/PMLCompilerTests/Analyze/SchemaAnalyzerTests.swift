import PMLCompiler
import Testing

@Suite struct SchemaAnalyzerTests {
  private func schema(_ content: String) -> String { "<schema name=\"s\">\(content)</schema>" }

  // Names

  @Test(arguments: [
    ("<module name=\"a\">x</module><module name=\"a\">y</module>", ["PML201 a"]),
    ("<module name=\"a\">x</module><user><module name=\"a\">y</module></user>", ["PML201 a"]),
    (
      "<module name=\"a\">x</module><union><module name=\"a\">y</module><module name=\"b\">z</module></union>",
      ["PML201 a"]
    ),
    ("<union><module name=\"a\">y</module><module name=\"a\">z</module></union>", ["PML201 a"]),
    (
      "<module name=\"a\">x</module><module name=\"a\">y</module><module name=\"a\">z</module>",
      ["PML201 a", "PML201 a"]
    ),
    ("<module name=\"a\"><module name=\"b\">x</module><module name=\"b\">y</module></module>", ["PML201 b"]),
    // Scopes of their own, and names that differ.
    ("<module name=\"a\"><module name=\"a\">x</module></module>", []),
    (
      "<module name=\"a\"><module name=\"c\">x</module></module><module name=\"b\"><module name=\"c\">x</module></module>",
      []
    ),
    ("<module name=\"a\">x</module><module name=\"A\">x</module>", []),
    ("<module name=\"a\">x<parameter name=\"a\" length=\"1\"/></module>", []),
  ])
  func moduleNamesAreUniqueInTheirScope(_ content: String, _ found: [String]) {
    #expect(problems(ofSchema: schema(content)) == found)
  }

  @Test(arguments: [
    ("<parameter name=\"p\" length=\"1\"/><parameter name=\"p\" length=\"2\"/>", ["PML202 p"]),
    ("<parameter name=\"p\" length=\"1\"/><user><parameter name=\"p\" length=\"2\"/></user>", ["PML202 p"]),
    ("<parameter name=\"p\" length=\"1\"/><module name=\"n\"><parameter name=\"p\" length=\"2\"/></module>", []),
  ])
  func parameterNamesAreUniqueInTheirModule(_ content: String, _ found: [String]) {
    #expect(problems(ofSchema: schema("<module name=\"m\">\(content)</module>")) == found)
  }

  @Test func theFirstDefinitionIsShown() throws {
    let compilation = compileSchema(schema("\n<module name=\"a\">x</module>\n<module name=\"a\">y</module>"))
    let related = try #require(compilation.diagnostics.first?.related.first)
    #expect(related.range.lowerBound.line == 2)
    #expect(related.file == "schema.pml")
  }

  // Unions

  @Test(arguments: [
    ("a", []), ("b", []), ("c", ["PML203 c"]), ("A", ["PML203 A"]),
  ])
  func aUnionsScaffoldIsAMember(_ name: String, _ found: [String]) {
    let content =
      "<module name=\"c\">x</module><union scaffold=\"\(name)\"><module name=\"a\">x</module><module name=\"b\">y</module></union>"
    #expect(problems(ofSchema: schema(content)) == found)
  }

  @Test func theNamesThatThereAreAreListed() {
    let members = "<module name=\"a\">x</module><module name=\"b\">y</module>"
    let union = compileSchema(schema("<union scaffold=\"zebra\">\(members)</union>"))
    #expect(union.diagnostics.map(\.help) == ["it has `a`, `b`"])
    let scaffold = compileSchema(schema(members + "<scaffold modules=\"a zebra\"/>"))
    #expect(
      scaffold.diagnostics.map(\.help)
        == ["it has `a`, `b`; write the path of a module from the schema down, as in `a/b`"])
    let nested = compileSchema(schema(members + "<scaffold modules=\"a b/zebra\"/>"))
    #expect(
      nested.diagnostics.map(\.help)
        == ["it has no modules; write the path of a module from the schema down, as in `a/b`"])
  }

  // Scaffolds

  private let modules = """
    <module name="a">x<module name="inner">y</module></module>
    <module name="b">x<union><module name="b1">y</module><module name="b2">y<module name="deep">z</module></module></union></module>
    <union><module name="u">x<module name="un">y</module></module><module name="v">x<module name="vn">y</module></module></union>
    <union><module name="w">x</module><module name="z">x</module></union>
    <module name="fresh" cache="false">x<module name="kept">y</module></module>
    """

  @Test(arguments: [
    ("a b", []), ("b a", []), ("a/inner b/b1", []), ("a b u w", []), ("a/inner b/b2/deep u/un z", []),
    ("a fresh/kept", []),
    ("a c", ["PML204 c"]), ("a a/iner", ["PML204 a/iner"]), ("inner b", ["PML204 inner"]),
    ("a b a", ["PML205 a"]),
    ("a a/inner", ["PML206 a/inner"]), ("b/b2/deep b", ["PML206 b/b2/deep"]),
    ("u v", ["PML207 v"]), ("u/un v", ["PML207 v"]), ("u v/vn", ["PML207 v/vn"]), ("u/un v/vn", ["PML207 v/vn"]),
    ("b/b1 b/b2/deep", ["PML207 b/b2/deep"]), ("u w z", ["PML207 z"]),
    ("a fresh", ["PML208 fresh"]),
    ("x y", ["PML204 x", "PML204 y"]),
  ])
  func aScaffoldListsModulesThatStandTogether(_ paths: String, _ found: [String]) {
    #expect(problems(ofSchema: schema("\(modules)<scaffold modules=\"\(paths)\"/>")) == found)
  }

  @Test func scaffoldsMayStandBeforeTheirModules() throws {
    let lowered = try lowered(schema("<scaffold modules=\"b/b1 a\"/>\(modules)<scaffold modules=\"a u\"/>"))
    #expect(lowered.scaffolds.map { $0.modules.map(\.description) } == [["b/b1", "a"], ["a", "u"]])
  }

  // Remarks

  @Test(arguments: [
    ("<union><module name=\"a\">x</module></union>", ["PML250 union"]),
    ("<module name=\"a\"/>", ["PML251 a"]), ("<module name=\"a\"><user> </user></module>", ["PML251 a"]),
    ("<module name=\"a\" xml:space=\"preserve\"> </module>", []), ("<module name=\"a\" src=\"f\"/>", []),
    ("<module name=\"a\"><module name=\"b\">x</module></module>", []),
    ("<module name=\"a\">x<param name=\"p\" length=\"1\"/></module>", ["PML253 param"]),
    ("<module name=\"a\">x<parameter name=\"p\" len=\"1\"/></module>", ["PML253 len"]),
    ("<module name=\"a\">Stay <parameter name=\"p\" length=\"1\"/> days.</module>", ["PML252 parameter"]),
    ("<module name=\"a\">Stay, <parameter name=\"p\" length=\"1\"/>, there</module>", ["PML252 parameter"]),
    ("<module name=\"a\">Stay <parameter name=\"p\" length=\"1\" scaffold=\"3\"/> days.</module>", []),
    ("<module name=\"a\">Stay <parameter name=\"p\" length=\"1\"/>.</module>", []),
    ("<module name=\"a\">Days: <parameter name=\"p\" length=\"1\"/> or so</module>", ["PML252 parameter"]),
    ("<module name=\"a\">Stay <parameter name=\"p\" length=\"1\"/>\nEnjoy</module>", ["PML252 parameter"]),
    ("<module name=\"a\"><parameter name=\"p\" length=\"1\"/> days</module>", ["PML252 parameter"]),
    ("<module name=\"a\">Stay <parameter name=\"p\" length=\"1\" default=\"3\"/> days.</module>", []),
    (
      "<module name=\"a\">x</module><module name=\"b\">x</module><scaffold modules=\"a b\"/><scaffold modules=\"b a\"/>",
      ["PML254 b a"]
    ),
  ])
  func remarksAreWarnings(_ content: String, _ found: [String]) {
    let compilation = compileSchema(schema(content), includes: FakeIncludes(["f": "x"]))
    #expect(compilation.diagnostics.map { "\($0.code.rawValue) \($0.text(in: compilation.source))" } == found)
    #expect(compilation.diagnostics.allSatisfy { $0.severity == .warning })
    #expect(compilation.schema != nil)
  }

  @Test func inAFixedSchemaADefaultIsNoPlaceholder() {
    let text = "<module name=\"a\">Stay <parameter name=\"p\" length=\"1\" default=\"3\"/> days.</module>"
    #expect(codes(ofSchema: "<schema name=\"s\" positions=\"fixed\">\(text)</schema>") == ["PML252"])
  }

  // Lowering

  @Test func positionsAreCompactUnlessFixed() throws {
    #expect(try lowered("<schema name=\"s\"/>").positions == .compact)
    #expect(try lowered("<schema name=\"s\" positions=\"compact\"/>").positions == .compact)
    #expect(try lowered("<schema name=\"s\" positions=\"fixed\"/>").positions == .fixed)
  }

  @Test func attentionIsInherited() throws {
    let lowered = try lowered(
      """
      <schema name="s" attention="isolated"><module name="a">x<module name="b" attention="context">x\
      <module name="c">x</module></module></module><union><module name="d">x</module><module name="e">x</module></union></schema>
      """)
    var found: [String: Schema.Attention] = [:]
    func visit(_ nodes: [Schema.Node]) {
      for node in nodes {
        if case .module(let module) = node {
          found[module.name] = module.attention
          visit(module.nodes)
        } else if case .union(let union) = node {
          visit(union.members.map(Schema.Node.module))
        }
      }
    }
    visit(lowered.nodes)
    #expect(lowered.attention == .isolated)
    #expect(found == ["a": .isolated, "b": .context, "c": .context, "d": .isolated, "e": .isolated])
  }

  @Test func cacheIsNotInherited() throws {
    let lowered = try lowered(schema("<module name=\"a\" cache=\"false\">x<module name=\"b\">y</module></module>"))
    guard case .module(let outer)? = lowered.nodes.first, case .module(let inner)? = outer.nodes.last else {
      Issue.record("no modules")
      return
    }
    #expect(!outer.cache && inner.cache)
  }

  @Test func bothSpellingsOfAParameterMeanTheSame() throws {
    let new = try lowered(
      schema("<module name=\"m\"><parameter name=\"p\" length=\"12\" scaffold=\"a\" default=\"b&#10;\"/></module>"))
    let old = try lowered(
      schema("<module name=\"m\"><param name=\"p\" len=\"12\" scaffold=\"a\" default=\"b&#10;\"/></module>"))
    #expect(new == old)
    guard case .module(let module)? = new.nodes.first, case .parameter(let parameter)? = module.nodes.first else {
      Issue.record("no parameter")
      return
    }
    #expect(parameter == .init(name: "p", length: 12, placeholder: "a", defaultText: "b\n", leadingSpace: false))
  }

  @Test(arguments: [
    ("a\nb", "a b"), ("a\r\nb", "a b"), ("a\tb", "a b"), ("\n a \n", "  a  "), ("a&#10;b", "a\nb"),
    ("a&#13;&#9;b", "a\r\tb"), ("a&#xA;\nb", "a\n b"),
  ])
  func lineBreaksInAttributesAreSpaces(_ written: String, _ value: String) throws {
    let content = "<module name=\"m\">x<parameter name=\"p\" length=\"9\" default=\"\(written)\"/></module>"
    let nodes = try lowered(schema(content)).nodes
    guard case .module(let module)? = nodes.first, case .parameter(let parameter)? = module.nodes.last else {
      Issue.record("no parameter")
      return
    }
    #expect(parameter.defaultText == value)
    let prompt = try resolved("<prompt schema=\"s\"><m p=\"\(written)\"/></prompt>", for: schema(content))
    #expect(prompt.imports.first?.arguments["p"]?.text == value)
  }

  @Test func theSourceMapHasThePlaces() throws {
    let compilation = compileSchema(
      schema(
        "<module name=\"m\"><union><module name=\"n\">x<parameter name=\"p\" length=\"3\" default=\"d\"/></module><module name=\"o\">y</module></union></module>"
      ))
    let map = compilation.sourceMap
    func text(_ range: Range<SourcePosition>?) -> String? {
      range.map {
        String(decoding: compilation.source.bytes[$0.lowerBound.offset..<$0.upperBound.offset], as: UTF8.self)
      }
    }
    #expect(text(map.names[.root]) == "s")
    #expect(text(map.names[ModulePath(["m", "n"])]) == "n")
    let parameter = map.parameters[ModulePath(["m", "n"])]?["p"]
    #expect([text(parameter?.name), text(parameter?.length), text(parameter?.defaultText)] == ["p", "3", "d"])
    #expect(parameter != nil && parameter?.placeholder == nil)
  }
}
