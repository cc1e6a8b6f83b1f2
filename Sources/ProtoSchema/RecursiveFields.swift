// Finds the fields through which a message would contain itself as a Swift struct. Imports have no
// cycles, so one file's messages are enough to look at.

/// Tarjan's strongly connected components over singular message fields, without recursion: chains
/// of messages can be long.
struct RecursiveFields {
  private var targets: [[Int]] = []
  private var names: [String: Int] = [:]
  private var component: [Int?] = []

  /// Marks every singular message field that stays within a cycle of such fields.
  static func mark(_ messages: inout [Message]) {
    var finder = RecursiveFields()
    finder.collectNames(messages)
    finder.targets = Array(repeating: [], count: finder.names.count)
    finder.collectTargets(messages)
    finder.findComponents()
    finder.apply(&messages)
  }

  private mutating func collectNames(_ messages: [Message]) {
    for message in messages {
      names[message.fullName] = names.count
      collectNames(message.messages)
    }
  }

  private mutating func collectTargets(_ messages: [Message]) {
    for message in messages {
      collectTargets(message.messages)
      guard let index = names[message.fullName], !message.isMapEntry else { continue }
      targets[index] = message.fields.compactMap { target(of: $0) }
    }
  }

  private func target(of field: Field) -> Int? {
    guard case .optional = field.cardinality, case .message(let name) = field.type else {
      return nil
    }
    return names[name]
  }

  private func apply(_ messages: inout [Message]) {
    for index in messages.indices {
      apply(&messages[index].messages)
      guard let own = names[messages[index].fullName], !messages[index].isMapEntry else { continue }
      for position in messages[index].fields.indices {
        guard let other = target(of: messages[index].fields[position]) else { continue }
        // Within a component of one message only a direct edge is a cycle, and this is one.
        messages[index].fields[position].isRecursive = component[own] == component[other]
      }
    }
  }

  private mutating func findComponents() {
    let count = targets.count
    component = Array(repeating: nil, count: count)
    var order: [Int?] = Array(repeating: nil, count: count)
    var low = Array(repeating: 0, count: count)
    var visited = 0
    var open: [Int] = []
    for root in 0..<count where order[root] == nil {
      var path = [(node: root, next: 0)]
      while let (node, next) = path.last {
        if next == 0, order[node] == nil {
          order[node] = visited
          low[node] = visited
          visited += 1
          open.append(node)
        }
        if next < targets[node].count {
          path[path.count - 1].next += 1
          let target = targets[node][next]
          if order[target] == nil {
            path.append((target, 0))
          } else if component[target] == nil {
            low[node] = min(low[node], order[target] ?? 0)
          }
          continue
        }
        path.removeLast()
        if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
        if low[node] == order[node] { close(node, &open) }
      }
    }
  }

  /// Takes the component of a root from the stack of open nodes.
  private mutating func close(_ root: Int, _ open: inout [Int]) {
    while let node = open.popLast() {
      component[node] = root
      if node == root { return }
    }
  }
}
