/// A configuration that needs more open files than the process may have, which HAProxy sees when it starts with it and no check
/// sees: two for each connection of `maxconn`, and some for each server that is checked (configuration manual, section 3.1,
/// "ulimit-n").
struct DescriptorShortage: Hashable, CustomStringConvertible {
    let needed: String
    let available: String

    /// Reads a line such as `[ALERT] (9) : [haproxy.main()] Cannot raise FD limit to 21053, limit is 20000.`; nil for other
    /// output.
    init?(line: String) {
        guard let start = line.firstRange(of: "Cannot raise FD limit to ") else { return nil }
        let numbers = line[start.upperBound...].split { !$0.isNumber }
        guard numbers.count >= 2 else { return nil }
        (needed, available) = (String(numbers[0]), String(numbers[1]))
    }

    /// The first in HAProxy's output.
    init?(in output: [String]) {
        guard let found = output.lazy.compactMap({ DescriptorShortage(line: $0) }).first else { return nil }
        self = found
    }

    var description: String {
        """
        HAProxy needs \(needed) open files for its connections and checks, and may have \(available): raise the limit of the \
        process (ulimit -n, LimitNOFILE=)
        """
    }
}
