import CommandSupport
import PromptCache

/// The prompts that a command is given, each with its schema, and the session that answers them.
struct Questions {
  struct Question {
    let path: String
    let prompt: PlannedPrompt
    let schema: WarmedSchema
  }

  let session: CacheSession
  let questions: [Question]
  /// What answers do with joint encodings; those to make are made.
  let joint: JointUse

  /// Compiles the prompts and finds what they need.
  ///
  /// With a schema's file, states that are missing are computed and kept; without one, the newest versions in the store
  /// are used. Joint encodings are made either way if they are asked for.
  ///
  /// - Throws: exit status 1, after the diagnostics, where a document has errors; what opening and computing throw.
  init(_ paths: [FilePath], _ options: PromptOptions) throws {
    let sources = try paths.map { try SourceFile.read($0) }
    let model = try options.loadModel()
    let asked = options.joint ?? .use
    joint = asked == .off ? .off : .use
    if let path = options.schema {
      let planned = try model.compile(schema: SourceFile.read(path)).shown()
      let prompts = try sources.map { try model.compile(prompt: $0, of: planned).shown() }
      session = try options.session(model, access: .writing)
      let schema = try session.schema(planned, as: options.kv)
      questions = prompts.map { Question(path: $0.path.description, prompt: $0, schema: schema) }
      if asked == .make { try session.makeJoint(for: prompts, of: schema) }
      for prompt in prompts { try session.ensureStates(for: prompt, of: schema, joint: joint) }
    } else {
      let names = try sources.map { try model.schemaName(of: $0).shown() }
      let session = try options.session(model, access: asked == .make ? .changing : .reading)
      var schemas: [String: WarmedSchema] = [:]
      self.session = session
      questions = try zip(sources, names).map { source, name in
        let schema = try schemas[name] ?? session.schema(named: name, as: options.kv)
        schemas[name] = schema
        return Question(
          path: source.path.description, prompt: try model.compile(prompt: source, of: schema.schema).shown(),
          schema: schema)
      }
      guard asked == .make else { return }
      for (name, schema) in schemas {
        let prompts = zip(questions, names).filter { $0.1 == name }.map(\.0.prompt)
        try session.makeJoint(for: prompts, of: schema)
      }
    }
  }
}
