import TestSupport

/// A schema of a few words, and a prompt of it.
enum Documents {
  static let schema = """
    <schema name="s">
      Answer.
      <module name="a"> One.<module name="n"> Nested.</module></module>
      <module name="b"> Three.</module>
    </schema>
    """
  static let prompt = #"<prompt schema="s"><a><n/></a><b/> Go:</prompt>"#

  /// A folder with both, as `schema.pml` and `prompt.pml`.
  static func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(schema, to: "schema.pml")
    try folder.write(prompt, to: "prompt.pml")
    return folder
  }
}
