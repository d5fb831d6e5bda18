import Engine
import Testing

@Suite struct AvailableCoresTests {
  @Test(arguments: [
    ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("50000 100000", 1), ("0 100000", nil),
    ("-1 100000", nil), ("100000", nil), ("", nil), ("a b", nil), ("100000 0", nil),
  ])
  func quotasAreRoundedUp(text: String, cores: Int?) {
    #expect(AvailableCores.quota(in: text) == cores)
  }

  @Test func threadsAreAsManyAsCanRunAtATime() {
    #expect(AvailableCores(mask: [0, 2, 5], quota: nil).count == 3)
    #expect(AvailableCores(mask: [0, 2, 5], quota: 2).count == 2)
    #expect(AvailableCores(mask: [0, 2, 5], quota: 64).count == 3)
    #expect(AvailableCores(mask: [], quota: nil).count >= 1)
  }

  @Test func onlyAPoolOfAllCoresIsPinned() {
    let cores = AvailableCores(mask: [0, 2, 5], quota: nil)
    #expect(cores.cores(for: 3) == [0, 2, 5])
    for threads in [1, 2, 4, 64] { #expect(cores.cores(for: threads) == nil) }
    // With less time than cores, the threads have to give way to each other.
    #expect(AvailableCores(mask: [0, 2, 5], quota: 2).cores(for: 3) == nil)
    #expect(AvailableCores(mask: [0, 2, 5], quota: 2).cores(for: 2) == nil)
    #expect(AvailableCores(mask: [7], quota: nil).cores(for: 1) == nil)
    #expect(AvailableCores(mask: [], quota: nil).cores(for: 2) == nil)
  }
}
