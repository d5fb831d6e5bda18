/// The largest of many numbers.
struct Largest {
  private let count: Int
  /// A heap: no number is above those that hang below it. Sorted until it is full.
  private var heap: [Double] = []

  /// Keeps `count` of them, 1 or more.
  init(_ count: Int) { self.count = count }

  /// The least of the largest; `nil` before there are so many.
  var least: Double? { heap.count == count ? heap.first : nil }

  mutating func add(_ number: Double) {
    if heap.count < count {
      heap.append(number)
      if heap.count == count { heap.sort() }
    } else if number > heap[0] {
      heap[0] = number
      siftDown()
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < count && heap[child] < heap[least] { least = child }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
