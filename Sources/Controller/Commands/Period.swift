import ArgumentParser
import Core

extension RunCommand {
    /// A duration of the command line: as HAProxy writes it (`5s`, `500` milliseconds), or as Go does (`1m30s`, `1.5h`).
    struct Period: ExpressibleByArgument {
        let duration: Duration

        init(duration: Duration) { self.duration = duration }

        init?(argument: String) {
            let haproxy = try? ValueType<Duration>.duration.value(argument)
            guard let duration = haproxy ?? Duration(goNotation: argument) else { return nil }
            self.duration = duration
        }

        var defaultValueDescription: String { duration.haproxyNotation }
    }
}

extension Duration {
    /// Reads numbers with units, one behind the other, such as `1h30m`, `1.5h` and `250ms` (https://pkg.go.dev/time#ParseDuration);
    /// nil for anything else, for negative ones, and for more than the 290 years that Go can count.
    init?(goNotation text: String) {
        let seconds = ["ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600]
        var rest = text[...]
        var sum = 0.0
        if rest.first == "+" { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Double(String(digits)), let factor = seconds[String(unit)] else { return nil }
            sum += number * factor
            rest = rest.dropFirst(digits.count + unit.count)
        }
        guard sum <= 290 * 365 * 86_400 else { return nil }
        self = .seconds(sum)
    }
}
