import Foundation
import Glibc
import TestSupport
import Testing

/// How the program ends when it is told to, or when its output has nowhere to go.
@Suite struct InterruptionTests {
  let folder: TemporaryFolder
  let shell: Shell

  init() throws {
    folder = try Documents.folder()
    shell = try Shell(in: folder)
  }

  private static let bench = #""$pmlc" bench --cached 4096 --repeats 1000"#

  @Test(arguments: ["TERM", "HUP"])
  func aBenchmarkLeavesNoStore(_ signal: String) throws {
    let run = try shell.run(
      #"""
      \#(Self.bench) & until test -e pmlc-bench-*/data.mdb; do sleep 0.05; done
      kill -\#(signal) $!; wait $!; echo $?; ls -d pmlc-bench-* 2>/dev/null
      """#)
    #expect(run.standardOutput == "\(128 + (signal == "TERM" ? SIGTERM : SIGHUP))\n", "\(run.standardError)")
  }

  @Test func aFailedBenchmarkLeavesNoStore() throws {
    let run = try shell.run(
      #""$pmlc" bench --cached 64 --new 8 --repeats 1 --json >/dev/full; echo $?; ls -d pmlc-bench-* 2>/dev/null"#)
    #expect(run.standardOutput == "2\n")
    #expect(run.standardError == "pmlc: error: cannot write to standard output: No space left on device\n")
  }

  @Test(.enabled(if: geteuid() == 0), arguments: ["INT", "TERM"])
  func theFirstProcessOfAContainerEnds(_ signal: String) throws {
    let run = try shell.run(
      #"""
      unshare -pf true 2>/dev/null || exit 99
      # Bash has jobs in the background ignore SIGINT.
      env -u x python3 -c 'import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp("unshare", ["unshare", "-pf", "--kill-child", os.environ["pmlc"], "bench", "--cached", "4096", "--repeats", "1000"])' &
      until test -e pmlc-bench-*/data.mdb; do sleep 0.05; done
      kill -\#(signal) $(pgrep -P $!); wait $!; echo $?; ls -d pmlc-bench-* 2>/dev/null
      """#)
    if run.status == 99 { return }
    #expect(run.standardOutput == "\(128 + (signal == "INT" ? SIGINT : SIGTERM))\n", "\(run.standardError)")
  }

  @Test func anAnswerNeedsNoStatistics() throws {
    let answer = #""$pmlc" run prompt.pml --schema schema.pml --max-tokens 2"#
    let run = try shell.run("\(answer) >a 2>/dev/full && \(answer) >b 2>&- && test -s a && cmp a b")
    #expect(run.status == 0)
  }

  @Test func closedStreamsAreGivenToNoFile() throws {
    let run = try shell.run(
      #"""
      "$pmlc" warm schema.pml --store store <&- >&- 2>&-; test $? = 2 || exit 10
      "$pmlc" store verify --store store || exit 11
      "$pmlc" inspect schema.pml >&-; test $? = 2 || exit 12
      "$pmlc" check - <&-; test $? = 2
      """#)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardError.contains("cannot write to standard output: Bad file descriptor"))
  }

  @Test func aReaderThatStopsIsNoError() throws {
    let run = try shell.run(#""$pmlc" grammar schema.pml | true; echo ${PIPESTATUS[0]}"#)
    // Whatever was written before the pipe was closed is no error either.
    #expect(["0\n", "141\n"].contains(run.standardOutput))
    #expect(run.standardError == "")
  }

  @Test func pipesAreReadAndNotWatched() throws {
    let run = try shell.run(
      #"""
      mkfifo pipe; (sleep 0.3; cat schema.pml >pipe) & "$pmlc" check pipe || exit 10
      "$pmlc" check <(cat schema.pml) || exit 11
      timeout 20 "$pmlc" check --watch pipe; test $? = 2
      """#)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardError.contains("cannot read `pipe`: it is not a regular file"))
  }
}
