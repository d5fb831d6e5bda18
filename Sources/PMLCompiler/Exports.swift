// A client imports `PMLCompiler` alone: every type in its public interface can be named then.
@_exported public import ContentHash
@_exported public import Failure
@_exported public import FileSystem
@_exported public import JSONText
