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
  /// - Parameter turns: follow at each prompt's end.
  /// - Throws: exit status 1, after the diagnostics, where a document has errors; what opening and computing throw.
  init(_ paths: [FilePath], _ options: PromptOptions, turns: [ChatTurn]) throws {
    let sources = try paths.map { try SourceFile.read($0) }
    let model = try options.loadModel()
    let asked = options.joint ?? .use
    joint = asked == .off ? .off : .use
    if let path = options.schema {
      let planned = try model.compile(schema: SourceFile.read(path)).shown()
      let prompts = try sources.map { try model.compile(prompt: $0, of: planned, turns: turns).shown() }
      let session = try options.session(model, access: .writing)
      self.session = session
      let schema = try session.schema(planned, as: options.kv)
      let found = try prompts.map { try session.findDocuments(for: $0, of: schema) }
      questions = found.map { Question(path: $0.path.description, prompt: $0, schema: schema) }
      if asked == .make { try session.makeJoint(for: found, of: schema) }
      for prompt in found { try session.ensureStates(for: prompt, of: schema, joint: joint) }
    } else {
      let names = try sources.map { try model.schemaName(of: $0).shown() }
      let session = try options.session(model, access: asked == .make ? .changing : .reading)
      var schemas: [String: WarmedSchema] = [:]
      self.session = session
      questions = try zip(sources, names).map { source, name in
        let schema = try schemas[name] ?? Self.stored(name, options, in: session)
        schemas[name] = schema
        let prompt = try model.compile(prompt: source, of: schema.schema, turns: turns).shown()
        return Question(
          path: source.path.description, prompt: try session.findDocuments(for: prompt, of: schema), schema: schema)
      }
      guard asked == .make else { return }
      for (name, schema) in schemas {
        let prompts = zip(questions, names).filter { $0.1 == name }.map(\.0.prompt)
        try session.makeJoint(for: prompts, of: schema)
      }
    }
  }
}

extension Questions {
  /// The newest version of a schema. If it is not what its files say now, a warning says so.
  fileprivate static func stored(
    _ name: String, _ options: PromptOptions, in session: CacheSession
  ) throws -> WarmedSchema {
    let schema = try session.schema(named: name, as: options.kv)
    DocumentFiles.warnOfChanges(since: schema, in: session)
    return schema
  }
}

/// The same for answers without the cache.
struct UncachedQuestions {
  let session: CacheSession
  let prompts: [(path: String, prompt: PlannedPrompt)]

  /// Compiles the prompts. Nothing is computed, and no store is made.
  ///
  /// - Throws: as for `Questions`.
  init(_ paths: [FilePath], _ options: PromptOptions, turns: [ChatTurn]) throws {
    let sources = try paths.map { try SourceFile.read($0) }
    let model = try options.loadModel()
    let session: CacheSession
    let schemas: [WarmedSchema]
    if let path = options.schema {
      // It is not asked to fit: the prompt's own tokens are.
      let planned = try model.withoutContextLimit.compile(schema: SourceFile.read(path)).shown()
      // The store is of use for weights that are kept beside it.
      session =
        model.repacksWeights ? try options.session(model, access: .readingIfThere) : options.compute.session(model)
      let schema = try session.schema(planned, as: options.kv)
      schemas = sources.map { _ in schema }
    } else {
      let names = try sources.map { try model.schemaName(of: $0).shown() }
      session = try options.session(model, access: .reading)
      schemas = try names.map { try Questions.stored($0, options, in: session) }
    }
    self.session = session
    prompts = try zip(sources, schemas).map { source, schema in
      let prompt = try model.compile(prompt: source, of: schema.schema, turns: turns, lengthRule: .plain).shown()
      return (source.path.description, try session.findDocuments(for: prompt, of: schema))
    }
  }
}
