// Options as written to option values: known names, right types, each set once.

extension Checker {
  /// Checks the options of one declaration and puts them in the order of their numbers.
  func check(_ nodes: [OptionNode], of target: OptionTarget) -> OptionValues {
    var entries: [OptionValues.Entry] = []
    for node in nodes {
      // Handled where the field's names are.
      if target == .field, node.name.value == "json_name" { continue }
      guard let option = standardOption(node, of: target),
        let value = optionValue(node, option.kind)
      else { continue }
      if entries.contains(where: { $0.number == option.number }) {
        error(node.name.range, "option `\(node.name.value)` is set twice")
        continue
      }
      entries.append(.init(name: node.name.value, number: option.number, value: value))
    }
    return OptionValues(entries: entries.sorted { $0.number < $1.number })
  }

  /// The definition of an option; nil, with a report, when it cannot be used here.
  private func standardOption(_ node: OptionNode, of target: OptionTarget) -> StandardOption? {
    let name = node.name.value
    if node.isCustom {
      error(
        node.name.range, "custom options are not supported",
        hint: "remove `\(name)`; only the options that protobuf itself defines are understood")
      return nil
    }
    if let refusal = refusedOptions[name], refusal.target == target {
      error(node.name.range, refusal.message, hint: refusal.hint)
      return nil
    }
    if let option = target.options[name] { return option }
    let known = target.options.keys.sorted()
    var hint = "the options here are \(known.joined(separator: ", "))"
    if let near = name.nearest(in: known) {
      hint = "did you mean `\(near)`?"
    } else if known.isEmpty {
      hint = "protobuf defines no options for a \(target.rawValue)"
    } else if known.count == 1 {
      hint = "the only option here is `\(known[0])`"
    } else if target == .file {
      hint = "options that others define are not supported"
    }
    error(node.name.range, "there is no \(target.rawValue) option `\(name)`", hint: hint)
    return nil
  }

  private var refusedOptions: [String: (target: OptionTarget, message: String, hint: String)] {
    [
      "default": (
        .field, "default values are not supported",
        "proto3 has none: an absent field reads as zero, false or empty; use `optional` to tell"
      ),
      "map_entry": (
        .message, "`map_entry` cannot be set", "write a field of type map<…, …>"
      ),
      "message_set_wire_format": (
        .message, "message sets are not supported", "they are a form of proto2; remove the option"
      ),
    ]
  }

  private func optionValue(_ node: OptionNode, _ kind: StandardOption.Kind) -> OptionValues.Value? {
    switch (kind, node.value.value) {
    case (.bool, .identifier("true")): return .bool(true)
    case (.bool, .identifier("false")): return .bool(false)
    case (.string, .string(let bytes)):
      if String(validating: bytes, as: UTF8.self) != nil { return .string(bytes) }
      error(node.value.range, "the value is not UTF-8 text")
      return nil
    case (.enumeration(let first, let names), .identifier(let name)):
      if let position = names.firstIndex(of: name) {
        return .enumeration(name: name, number: first + Int32(position))
      }
    default: break
    }
    error(node.value.range, "option `\(node.name.value)` takes \(kind.description)")
    return nil
  }
}

extension StandardOption.Kind {
  /// What a value must look like.
  fileprivate var description: String {
    switch self {
    case .bool: "true or false"
    case .string: "a string in quotes"
    case .enumeration(_, let names): "one of \(names.joined(separator: ", "))"
    }
  }
}
