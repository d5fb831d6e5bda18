/// What somebody may do about a failure.
///
/// `description` says it in words that fit any program; a program with commands and options of its own may put a case
/// into those.
public enum Remedy: Hashable, Sendable {
  // MARK: Schemas and states

  /// Compute the states of a schema, in this KV format and with weights in this format where they are given.
  case warm(schema: String?, element: String? = nil, weights: String? = nil)
  /// Give the file of the schema, so that what is missing can be computed.
  case giveSchemaFile
  /// See which versions the store has.
  case listVersions
  /// Keep states in another KV format.
  case useKVFormat(String)
  /// Split a text into several modules.
  case splitText
  /// Compile the schema again.
  case compileAgain
  /// Compile the schema for the model that is used now.
  case compileForThisModel
  /// Add text to the prompt.
  case addText
  /// Measure a smaller prompt.
  case measureLess

  // MARK: The store

  /// Name a folder for the store.
  case nameStoreFolder
  /// Name another folder for the store.
  case nameOtherFolder
  /// Raise the limit of the store's size, or of a namespace's.
  case raiseStoreLimit
  /// Give a limit of the store's size, for which address space is taken where there is little.
  case giveStoreLimit
  /// Free space in the store.
  case collectGarbage
  /// Warm a schema again, which replaces what is damaged of its states.
  case replaceDamaged
  /// Make the joint encodings of a prompt again, which replaces what is damaged of them.
  case makeJointAnew
  /// Ask for the beginning of a conversation to be kept again, which replaces what is damaged of it.
  case keepConversationAnew
  /// Save what is whole in a damaged store.
  case salvageStore
  /// Export again, or copy the export again.
  case exportAgain

  // MARK: The model

  /// Name a model folder.
  case nameModelFolder
  /// Name the model that is meant, where the store has what is wanted for another one.
  case nameModelMeant
  /// Fetch the model's files again.
  case downloadAgain
  /// Fetch the large files that a clone of a repository only points to.
  case fetchLargeFiles
  /// Choose one of these.
  case chooseSupported([String])

  // MARK: The system

  /// Run as the owner of the files.
  case runAsOwner
  /// Take the right to write away from other users.
  case restrictPermissions(path: String)
  /// Free space on the disk.
  case freeDiskSpace
  /// End the processes that are in the way.
  case endOtherProcesses
  /// Raise the process's limit of memory or of address space.
  case raiseMemoryLimit
  /// Try again.
  case tryAgain
  /// Use this program in the version that wrote the file, or in a newer one.
  case useNewerProgram

  /// What none of the above says, in words that fit any program.
  case other(String)
}

extension Remedy: CustomStringConvertible {
  /// What to do, as a clause.
  public var description: String {
    switch self {
    case .warm(let schema, let element, let weights):
      "warm \(schema.map { "schema \($0.quoted())" } ?? "the schema")" + (element.map { " in \($0)" } ?? "")
        + (weights.map { " with \($0) weights" } ?? "")
    case .giveSchemaFile: "give the schema's file"
    case .listVersions: "see which versions the store has"
    case .useKVFormat(let format): "keep states in \(format)"
    case .splitText: "split the text into several modules"
    case .compileAgain: "compile the schema again"
    case .compileForThisModel: "compile the schema for this model"
    case .addText: "add text to the prompt"
    case .measureLess: "measure with fewer cached or new tokens"
    case .nameStoreFolder: "name a folder for the store"
    case .nameOtherFolder: "name another folder"
    case .raiseStoreLimit: "raise the limit"
    case .giveStoreLimit: "give a limit of the store's size, for which address space is taken then"
    case .collectGarbage: "free space in the store"
    case .replaceDamaged: "warm the schema again, which replaces what is damaged"
    case .makeJointAnew: "make the prompt's joint encodings again, which replaces what is damaged"
    case .keepConversationAnew: "the next request that keeps it replaces what is damaged"
    case .salvageStore: "save what is whole, then warm again"
    case .exportAgain: "copy the export again, or export again"
    case .nameModelFolder: "name a Hugging Face model folder with config.json, tokenizer.json and *.safetensors"
    case .nameModelMeant: "name the model, if that one is meant"
    case .downloadAgain: "download the model's files again"
    case .fetchLargeFiles: "fetch the files with `git lfs pull`, or download them"
    case .chooseSupported(let choices): "supported: \(choices.map { "`\($0)`" }.joined(separator: ", "))"
    case .runAsOwner: "run as the owner"
    case .restrictPermissions(let path): "take the right away: chmod go-w '\(path.printable())'"
    case .freeDiskSpace: "free some space; what was committed is safe"
    case .endOtherProcesses: "end the other processes"
    case .raiseMemoryLimit: "raise the process's limit of memory (ulimit -v)"
    case .tryAgain: "try again"
    case .useNewerProgram: "use the program that wrote it, or a newer one"
    case .other(let text): text
    }
  }
}
