internal import Failure
public import FileSystem
internal import Jinja

/// The parts that are taken for a model, with what its own template would write otherwise.
public struct FoundTemplate: Hashable, Sendable {
  /// How the parts were found.
  public enum Origin: Hashable, Sendable {
    /// They were given.
    case given
    /// By rendering the model's template.
    case rendering
    /// By the marks that the model's template holds: the parts of the template called `name`.
    case marks(name: String)
    /// The model has no template, or one that holds no known marks: roles add no text.
    case none
  }

  /// Something that the model's template does otherwise.
  struct Difference: Hashable, Sendable {
    /// Which documents it concerns.
    enum Concern: Hashable, Sendable { case always, withSystem, withoutSystem }

    /// A clause whose subject is the template.
    let message: String
    let concern: Concern

    init(_ message: String, _ concern: Concern) {
      self.message = message
      self.concern = concern
    }
  }

  /// The parts.
  public let template: ChatTemplate
  /// How they were found.
  public let origin: Origin
  let differences: [Difference]

  /// What the model's template does otherwise, each a clause whose subject is the template.
  public var differenceMessages: [String] { differences.map(\.message) }

  /// Parts that someone has settled.
  public init(given template: ChatTemplate) {
    self.init(template, .given, [])
  }

  private init(_ template: ChatTemplate, _ origin: Origin, _ differences: [Difference]) {
    self.template = template
    self.origin = origin
    self.differences = differences
  }

  /// For a model without a template: roles add no text.
  public static let none = FoundTemplate(.plain, .none, [])

  /// Finds the parts of a model's template by rendering it, or else by the marks that it holds.
  ///
  /// It is rendered within bounds, without a clock, so the same program always gives the same parts.
  ///
  /// - Parameters:
  ///   - program: the template, in Jinja.
  ///   - specialTokens: the texts of `bos_token`, `eos_token` and others by these names.
  ///   - beginOfSequence: the text of the token that begins a sequence, if one does.
  public init(
    rendering program: TemplateProgram, specialTokens: [String: String] = [:], beginOfSequence: String? = nil
  ) {
    let name = ChatTemplate.nameByMarks(in: program.source)
    let known = name.flatMap(ChatTemplate.named)
    let byMarks = Origin.marks(name: name ?? "")
    do throws(TemplateFault) {
      let derived = try Self.derive(Self.probe(program, specialTokens, beginOfSequence))
      guard let fault = derived.systemFault, let known else {
        self.init(derived.template, .rendering, derived.differences)
        return
      }
      let merged = fault.isRefusal ? derived.template.withSystem(of: known) : known
      self.init(
        merged, merged == known ? byMarks : .rendering,
        merged == known && !fault.isRefusal ? [.init(fault.message, .always)] : derived.differences)
    } catch {
      self.init(known ?? .plain, known == nil ? .none : byMarks, [.init(error.message, .always)])
    }
  }

  /// The same for a program that is not read yet.
  ///
  /// - Parameters:
  ///   - program: the template, in Jinja.
  ///   - specialTokens: the texts of `bos_token`, `eos_token` and others by these names.
  ///   - beginOfSequence: the text of the token that begins a sequence, if one does.
  public init(rendering program: String, specialTokens: [String: String] = [:], beginOfSequence: String? = nil) {
    self.init(
      rendering: TemplateProgram(program), specialTokens: specialTokens, beginOfSequence: beginOfSequence)
  }

  /// Without a clock, or with one if the template cannot do without, as long as no time gets into the parts.
  private static func derive(_ probe: TemplateProbe) throws(TemplateFault) -> DerivedParts {
    do throws(TemplateFault) {
      return try DerivedParts(probe)
    } catch {
      guard error.isRefusal, let derived = try? DerivedParts(probe.withClock), !derived.template.holdsTime else {
        throw error
      }
      return derived
    }
  }

  private static func probe(
    _ program: TemplateProgram, _ specialTokens: [String: String], _ beginOfSequence: String?
  ) throws(TemplateFault) -> TemplateProbe {
    // As in `transformers`, both are defined and none.
    var variables: [String: TemplateValue] = ["tools": .none, "documents": .none]
    for (name, text) in specialTokens { variables[name] = .trusted(text) }
    do throws(TemplateError) {
      return TemplateProbe(
        template: try program.template(), variables: variables,
        bos: specialTokens["bos_token"] ?? beginOfSequence ?? "", sequencesBeginWithBOS: beginOfSequence != nil)
    } catch {
      throw TemplateFault(error)
    }
  }

  /// The warning for documents with these roles; `nil` where the model's template would write the same.
  public func warning(for uses: RoleUses, in file: FilePath) -> Diagnostic? {
    guard let range = uses.first else { return nil }
    let hasSystem = uses.roles.contains(.system)
    let messages = differences.filter { difference in
      switch difference.concern {
      case .always: true
      case .withSystem: hasSystem
      case .withoutSystem: !hasSystem
      }
    }.map(\.message)
    guard !messages.isEmpty else { return nil }
    let taken =
      switch origin {
      case .given, .rendering: "its parts are taken without that"
      case .marks(let name): "\(name.quoted()) is taken for it"
      case .none: "roles add no text"
      }
    return Diagnostic(
      code: .otherTemplate, severity: .warning, file: file, range: range,
      message: "the model's chat template \(messages.joined(separator: ", and ")); \(taken)",
      help: "name a chat template, or give its parts, if that is not what you want")
  }
}

extension Diagnostic {
  /// Whether it says that roles are written otherwise than by the model's own template. Once is enough for documents that are
  /// used together.
  public var isAboutTemplate: Bool { code == .otherTemplate }
}

extension Sequence<Diagnostic> {
  /// Without what was said before about the template; `wasSaid` notes that it was.
  public func sayingOnce(_ wasSaid: inout Bool) -> [Diagnostic] {
    filter { diagnostic in
      guard diagnostic.isAboutTemplate else { return true }
      defer { wasSaid = true }
      return !wasSaid
    }
  }
}

/// Which roles a document has.
public struct RoleUses: Hashable, Sendable {
  /// Those that it has, and those of the schema that it is for.
  public internal(set) var roles: Set<ChatTemplate.Role> = []
  /// Where its first role element begins.
  public internal(set) var first: Range<SourcePosition>?
  /// Where the first text of its own stands that is in no role; of a prompt, its new text.
  public internal(set) var firstTextOutside: Range<SourcePosition>?
  /// Where a prompt's root element begins whose new text has no user's turn at its end.
  public internal(set) var rootWithoutTurn: Range<SourcePosition>?

  mutating func add(_ role: ChatTemplate.Role, at range: Range<SourcePosition>) {
    roles.insert(role)
    if first == nil { first = range }
  }
}

extension ChatTemplate {
  /// These parts with the system's of `other`.
  fileprivate func withSystem(of other: ChatTemplate) -> ChatTemplate {
    ChatTemplate(
      system: other.system, user: user, assistant: assistant, header: header,
      userAfterSystem: other.userAfterSystem.map { Parts($0.prefix, user.suffix) })
  }
}
