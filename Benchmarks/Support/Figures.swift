import Foundation

/// Figures as people read them.
public enum Figures {
    public static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// - Returns: `-` when there are no values.
    public static func quantile(_ quantile: Double, of values: [Double], digits: Int = 1) -> String {
        guard !values.isEmpty else { return "-" }
        let sorted = values.sorted()
        return number(sorted[min(sorted.count - 1, Int(Double(sorted.count) * quantile))], digits)
    }

    public static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}

/// A table that is printed line by line, as the figures come.
public struct Table {
    private let widths: [Int]

    /// Prints the names of the columns.
    public init(_ columns: [String]) {
        widths = columns.map(\.count)
        row(columns)
    }

    public func row(_ values: [String]) {
        let cells = zip(values, widths).map { value, width in
            String(repeating: " ", count: max(0, width - value.count)) + value
        }
        // At once, whatever standard output is.
        FileHandle.standardOutput.write(Data((cells.joined(separator: "  ") + "\n").utf8))
    }

    public static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
