// A client imports `PromptCache` alone: every type in its public interface can be named then.
@_exported public import ContentHash
@_exported public import Engine
@_exported public import Failure
@_exported public import FileSystem
@_exported public import KVCacheFormat
@_exported public import ObjectStorage
@_exported public import PMLCompiler
@_exported public import Store
@_exported public import Tokenizers
