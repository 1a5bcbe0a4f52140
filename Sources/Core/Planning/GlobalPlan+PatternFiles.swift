extension GlobalPlan {
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
            let longest = handlers.environment.bufferSize - 2
            if content.contains(where: Self.isStrange) || content.count > longest {
                let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                var kept: [ArraySlice<UInt8>] = []
                for (index, line) in lines.enumerated() {
                    let problem =
                        line.contains(where: Self.isStrange)
                        ? "has a control character in line \(index + 1), which is left out"
                        : line.count > longest
                            ? "has \(line.count) bytes in line \(index + 1), of which HAProxy reads \(longest), so it is left out"
                            : nil
                    guard let problem else {
                        kept.append(line)
                        continue
                    }
                    findings.append(
                        Finding(
                            .error, object: object, key: name, value: String(decoding: line, as: UTF8.self), problem,
                            expected: "one pattern a line", example: "10.0.0.0/8"))
                }
                content = Array(kept.joined(separator: [UInt8(ascii: "\n")]))
            }
            files.append(ConfigurationFile(path: "patterns/\(name)", content: content, kind: .plain))
        }
    }

    private static func isStrange(_ byte: UInt8) -> Bool { byte < 0x20 && !"\t\n\r".utf8.contains(byte) || byte == 0x7f }
}
