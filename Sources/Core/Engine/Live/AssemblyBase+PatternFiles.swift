extension AssemblyBase {
    /// Adds the files of `--configmap-patternfiles`, without lines that HAProxy refuses where a snippet reads the file, and those that it
    /// reads otherwise than they are: for it a line ends at a NUL, and nobody sees other control characters.
    mutating func addPatternFiles(_ patterns: [String: String], of object: ObjectKey, _ refusals: Refusals) {
        for (name, text) in patterns.sorted(by: { $0.key < $1.key }) where name.isFileName {
            var content = Array(text.utf8)
            if refusals.concern(object, key: name) {
                let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                let reasons = lines.map {
                    refusals.refusal(of: object, key: name, value: String(decoding: $0, as: UTF8.self))
                        ?? refusals.refusal(of: object, key: name, value: text)
                }
                for (index, line) in lines.enumerated() {
                    guard let reason = reasons[index], !line.isEmpty else { continue }
                    findings.append(
                        Finding(
                            .error, object: object, key: name, value: String(decoding: line, as: UTF8.self),
                            "has a pattern in line \(index + 1) that HAProxy refuses, which is left out: \(reason)"))
                }
                let kept = zip(lines, reasons).filter { $1 == nil }.map(\.0)
                content = Array(kept.joined(separator: [UInt8(ascii: "\n")]))
            }
            if content.contains(where: Self.isStrange) {
                let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                for (index, line) in lines.enumerated() where line.contains(where: Self.isStrange) {
                    findings.append(
                        Finding(
                            .error, object: object, key: name, value: String(decoding: line, as: UTF8.self),
                            "has a control character in line \(index + 1), which is left out", expected: "one pattern a line",
                            example: "10.0.0.0/8"))
                }
                content = Array(lines.filter { !$0.contains(where: Self.isStrange) }.joined(separator: [UInt8(ascii: "\n")]))
            }
            files.append(ConfigurationFile(path: "patterns/\(name)", content: content, kind: .plain))
        }
    }

    private static func isStrange(_ byte: UInt8) -> Bool { byte < 0x20 && !"\t\n\r".utf8.contains(byte) || byte == 0x7f }
}
