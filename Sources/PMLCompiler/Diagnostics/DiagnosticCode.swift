extension Diagnostic.Code {
  private init(_ rawValue: String) { self.init(rawValue: rawValue) }

  // XML: the document cannot be read, and the checking ends there.
  static let invalidUTF8 = Self("PML001")
  static let otherEncoding = Self("PML002")
  static let invalidCharacter = Self("PML003")
  static let documentType = Self("PML004")
  static let documentTooLarge = Self("PML005")
  static let nestedTooDeep = Self("PML006")
  static let tooManyAttributes = Self("PML007")
  static let tooManyElements = Self("PML008")
  static let rawLessThan = Self("PML010")
  static let rawAmpersand = Self("PML011")
  static let unknownEntity = Self("PML012")
  static let invalidReference = Self("PML013")
  static let mismatchedTag = Self("PML014")
  static let notClosed = Self("PML015")
  static let malformedTag = Self("PML016")
  static let repeatedAttribute = Self("PML017")
  static let noRoot = Self("PML018")
  static let contentAfterRoot = Self("PML019")
  static let xmlVersion = Self("PML020")
  static let malformed = Self("PML021")

  // Grammar: what `grammar/pml.rng` refuses.
  static let wrongRoot = Self("PML100")
  static let unknownElement = Self("PML101")
  static let misplacedElement = Self("PML102")
  static let misplacedText = Self("PML103")
  static let unknownAttribute = Self("PML104")
  static let missingAttribute = Self("PML105")
  static let invalidValue = Self("PML106")
  static let reservedName = Self("PML107")
  static let lengthTwice = Self("PML108")
  static let emptyUnion = Self("PML109")
  static let refusedByGrammar = Self("PML199")

  // Schema.
  static let repeatedModule = Self("PML201")
  static let repeatedParameter = Self("PML202")
  static let unknownMember = Self("PML203")
  static let unknownScaffoldModule = Self("PML204")
  static let scaffoldRepeats = Self("PML205")
  static let scaffoldNests = Self("PML206")
  static let scaffoldExcludes = Self("PML207")
  static let scaffoldUncached = Self("PML208")
  static let repeatedSchema = Self("PML209")
  static let includeOutside = Self("PML210")
  static let includeUnreadable = Self("PML211")
  static let includeNotText = Self("PML212")
  static let includeTooLarge = Self("PML213")
  static let unionOfOne = Self("PML250")
  static let emptyModule = Self("PML251")
  static let noPlaceholder = Self("PML252")
  static let deprecatedSpelling = Self("PML253")
  static let scaffoldNeverUsed = Self("PML254")
  static let emptyLibrary = Self("PML255")
  static let includeControls = Self("PML256")
  static let includeEmpty = Self("PML257")

  // Prompt.
  /// A prompt names a schema that is not at hand.
  public static let unknownSchema = Self("PML300")
  static let otherSchema = Self("PML301")
  static let unknownModule = Self("PML302")
  static let nestedElsewhere = Self("PML303")
  static let unknownParameter = Self("PML304")
  static let missingArgument = Self("PML305")
  static let importedTwice = Self("PML306")
  static let unionMembers = Self("PML307")
  static let textOutOfOrder = Self("PML308")
  static let searchWithoutTop = Self("PML309")
  static let nothingToFind = Self("PML310")

  // Tokens and layout.
  static let placeholderTooLong = Self("PML401")
  static let defaultTooLong = Self("PML402")
  static let schemaTooLong = Self("PML403")
  static let unembeddedToken = Self("PML404")
  static let textDoesNotFit = Self("PML405")
  static let layoutTooLong = Self("PML406")
  static let documentTooLong = Self("PML407")
  static let argumentTooLong = Self("PML411")
  static let newTextDoesNotFit = Self("PML412")
  static let promptTooLong = Self("PML413")
  static let promptEmpty = Self("PML414")
  static let windowTooShort = Self("PML415")
  static let schemaTakesMost = Self("PML450")
  static let unreachable = Self("PML451")
  static let otherTemplate = Self("PML452")
  static let textBehindModules = Self("PML453")
  static let isolatedDependent = Self("PML454")
  static let parameterSlack = Self("PML455")
  static let emptyPositions = Self("PML456")
  static let unevenUnion = Self("PML457")
  static let textOutsideRoles = Self("PML458")
  static let noUserTurn = Self("PML459")

  /// Every code with what it says, in order.
  public static let meanings: KeyValuePairs<Self, String> = [
    .invalidUTF8: "the document is not valid UTF-8",
    .otherEncoding: "the document is, or says that it is, in another encoding than UTF-8",
    .invalidCharacter: "the document holds a character that XML does not allow",
    .documentType: "the document has a document type declaration",
    .documentTooLarge: "the document is larger than 64 MiB",
    .nestedTooDeep: "elements are nested more than 200 deep",
    .tooManyAttributes: "an element has more than 256 attributes",
    .tooManyElements: "the document has more than 1,000,000 elements",
    .rawLessThan: "a `<` in text is not written as a reference",
    .rawAmpersand: "an `&` in text is not written as a reference",
    .unknownEntity: "a reference to an entity that XML does not define",
    .invalidReference: "a character reference that names no character",
    .mismatchedTag: "an end tag has another name than the element it would end",
    .notClosed: "an element, comment, CDATA section or value has no end",
    .malformedTag: "a tag is not written as XML wants it",
    .repeatedAttribute: "an element has the same attribute twice",
    .noRoot: "the document has no root element",
    .contentAfterRoot: "something stands after the root element",
    .xmlVersion: "the document is not XML 1.0",
    .malformed: "the document is not well-formed XML",
    .wrongRoot: "the root element is not the one that was expected",
    .unknownElement: "no element has this name",
    .misplacedElement: "an element stands where it may not",
    .misplacedText: "text stands where none may",
    .unknownAttribute: "the element has no such attribute",
    .missingAttribute: "a required attribute is missing",
    .invalidValue: "the attribute does not take this value",
    .reservedName: "the name is reserved",
    .lengthTwice: "a parameter has both `length` and `len`",
    .emptyUnion: "a union has no member",
    .refusedByGrammar: "the grammar refuses the element",
    .repeatedModule: "two modules of one scope have the same name",
    .repeatedParameter: "two parameters of one module have the same name",
    .unknownMember: "`scaffold` of a union names no member of it",
    .unknownScaffoldModule: "a scaffold lists a module that does not exist",
    .scaffoldRepeats: "a scaffold lists a module twice",
    .scaffoldNests: "a scaffold lists a module and one around it",
    .scaffoldExcludes: "a scaffold lists two members of one union",
    .scaffoldUncached: "a scaffold lists a module with `cache=\"false\"`",
    .repeatedSchema: "two schemas that are used together have the same name",
    .includeOutside: "`src` leads out of the schema's folder",
    .includeUnreadable: "the file of `src` cannot be read",
    .includeNotText: "the file of `src` is not text in UTF-8",
    .includeTooLarge: "the file of `src` is larger than 64 MiB",
    .unionOfOne: "a union has one member only",
    .emptyModule: "a module holds nothing",
    .noPlaceholder: "a parameter with text behind it has no placeholder text",
    .deprecatedSpelling: "an old spelling of a name",
    .scaffoldNeverUsed: "a scaffold that no prompt can make use of",
    .emptyLibrary: "a library has no modules",
    .includeControls: "a file of `src` holds control characters",
    .includeEmpty: "a file of `src` holds no text",
    .unknownSchema: "a prompt names a schema that is not at hand",
    .otherSchema: "the prompt is for another schema",
    .unknownModule: "the schema has no such module",
    .nestedElsewhere: "a nested module stands outside the module around it",
    .unknownParameter: "the module has no such parameter",
    .missingArgument: "a parameter without default has no argument",
    .importedTwice: "a module is imported twice",
    .unionMembers: "two members of one union are imported",
    .textOutOfOrder: "text stands between references that are not in schema order",
    .searchWithoutTop: "`query` or `rank` stands where `top` does not",
    .nothingToFind: "a library is to be searched, and there is no text to search for",
    .placeholderTooLong: "a parameter's placeholder text has more tokens than its `length`",
    .defaultTooLong: "a parameter's default has more tokens than its `length`",
    .schemaTooLong: "the schema takes more positions than the model has",
    .unembeddedToken: "text needs a token that the tokenizer has and the model has not",
    .textDoesNotFit: "a text of a compact schema does not fit the model together with what it sees",
    .layoutTooLong: "the schema takes more positions than can be counted",
    .documentTooLong: "a module of a library has more tokens than the library's `window`",
    .argumentTooLong: "an argument has more tokens than its parameter's `length`",
    .newTextDoesNotFit: "new text has more tokens than there are free positions before what follows it",
    .promptTooLong: "the prompt leaves the model no position for an answer",
    .promptEmpty: "the prompt has no tokens",
    .windowTooShort: "the modules of a library that a prompt names have more tokens than its `window`",
    .schemaTakesMost: "the schema takes over half of the model's positions",
    .unreachable: "no prompt can import the module and still be answered",
    .otherTemplate: "roles are written otherwise than the model's chat template writes them",
    .textBehindModules: "text behind modules is encoded without seeing them",
    .isolatedDependent: "an isolated module needs what it does not see",
    .parameterSlack: "a parameter of a fixed schema has more positions than its own texts take",
    .emptyPositions: "prompts for a fixed schema leave many positions empty",
    .unevenUnion: "members of a union in a fixed schema differ much in length",
    .textOutsideRoles: "a chat model meets text outside roles",
    .noUserTurn: "a chat model is to answer what is no user's turn",
  ]
}

extension Diagnostic.Code {
  /// Whether it is that of a warning: those have numbers from 50 on in each hundred.
  public var isWarning: Bool { Int(rawValue.dropFirst(3)).map { 50..<99 ~= $0 % 100 } ?? false }

  /// Whether it says that a model has too few positions.
  public var isAboutLength: Bool { [Self.schemaTooLong, .textDoesNotFit, .promptTooLong].contains(self) }

  /// Whether it says that a prompt lacks what is asked, which may follow it as a turn too.
  public var wantsQuestion: Bool { [Self.noUserTurn, .nothingToFind, .promptEmpty].contains(self) }

  /// Whether there is such a code.
  public var isKnown: Bool { Self.meanings.contains { $0.key == self } }
}
