// Rules about enums.

extension Checker {
  func check(_ node: EnumNode, in scope: String) -> EnumType {
    let options = check(node.options, of: .enumeration)
    let reserved = checkReserved(node.reserved, within: .enumNumbers)
    let values = node.values.map { check($0) }
    if let first = values.first, let place = node.values.first {
      if first.number != 0 {
        error(
          place.number.range, "the first value of an enum must be 0",
          hint: "it is what readers see when the field is absent; usually `…_UNSPECIFIED = 0;`")
      }
    } else {
      error(
        node.name.range, "enum `\(node.name.value)` has no values",
        hint: "it needs at least one, with number 0")
    }
    checkAliases(node, values, options)
    checkShortNames(node, values)
    for (value, place) in zip(values, node.values)
    where reserved.contains(Int64(value.number)) {
      error(place.number.range, "number \(value.number) is reserved in this enum")
    }
    checkReservedNames(node.values.map(\.name), node.reserved.names, of: "enum")
    return EnumType(
      name: node.name.value,
      fullName: scope.isEmpty ? node.name.value : "\(scope).\(node.name.value)", values: values,
      reservedRanges: reserved.ranges, reservedNames: node.reserved.names.map(\.value),
      options: options, comment: node.comment)
  }

  private func check(_ node: EnumValueNode) -> EnumValue {
    let number = node.number.value.int32
    if number == nil {
      error(
        node.number.range, "the numbers of enum values lie between -2147483648 and 2147483647")
    }
    return EnumValue(
      name: node.name.value, number: number ?? 0, options: check(node.options, of: .enumValue),
      comment: node.comment)
  }

  private func checkAliases(_ node: EnumNode, _ values: [EnumValue], _ options: OptionValues) {
    var names: [Int32: String] = [:]
    var hasAlias = false
    for (value, place) in zip(values, node.values) where place.number.value.int32 != nil {
      guard let other = names[value.number] else {
        names[value.number] = value.name
        continue
      }
      hasAlias = true
      if options.bool("allow_alias") == true { continue }
      error(
        place.number.range, "number \(value.number) is already used by value `\(other)`",
        hint: "if both names are meant to be the same, add `option allow_alias = true;` to the enum"
      )
    }
    guard let option = node.options.first(where: { $0.name.value == "allow_alias" }) else { return }
    if options.bool("allow_alias") == false {
      error(option.name.range, "`allow_alias = false` has no effect", hint: "remove the option")
    } else if !hasAlias {
      error(
        option.name.range, "`allow_alias` is set, but no two values share a number",
        hint: "remove the option")
    }
  }

  /// Generators drop the enum's name from its values and change case: the results must differ.
  private func checkShortNames(_ node: EnumNode, _ values: [EnumValue]) {
    var owners: [String: EnumValue] = [:]
    for (value, place) in zip(values, node.values) {
      let short = value.name.shortValueName(inEnum: node.name.value)
      guard let other = owners[short] else {
        owners[short] = value
        continue
      }
      if other.name == value.name || other.number == value.number { continue }
      error(
        place.name.range,
        "values `\(other.name)` and `\(value.name)` are the same without the enum's name and case",
        hint: "generated code shortens both to `\(short)`: rename one of the two")
    }
  }
}
