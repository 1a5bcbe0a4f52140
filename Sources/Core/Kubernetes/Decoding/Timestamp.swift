/// A point in time as RFC 3339 writes it.
enum Timestamp {
    /// The same time in UTC, to the second and with a `Z`, as an API server stores it; nil for text that is no time.
    static func utc(_ text: String) -> String? {
        var reader = DigitReader(rest: text.utf8[...])
        guard let year = reader.number(4, after: nil), let month = reader.number(2, after: "-"),
            let day = reader.number(2, after: "-"),
            let hour = reader.number(2, after: "T"), let minute = reader.number(2, after: ":"),
            let second = reader.number(2, after: ":"), let minutes = reader.offset(),
            (1...12).contains(month), (1...daysIn(month, of: year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        if minutes == 0 && text.utf8.count == 20 { return text }
        var date = (year: year, month: month, day: day)
        var minuteOfDay = hour * 60 + minute - minutes
        // Offsets are less than a day.
        if minuteOfDay < 0 {
            minuteOfDay += 24 * 60
            date.day -= 1
            if date.day == 0 {
                date =
                    date.month == 1 ? (date.year - 1, 12, 31) : (date.year, date.month - 1, daysIn(date.month - 1, of: date.year))
            }
        } else if minuteOfDay >= 24 * 60 {
            minuteOfDay -= 24 * 60
            date.day += 1
            if date.day > daysIn(date.month, of: date.year) {
                date = date.month == 12 ? (date.year + 1, 1, 1) : (date.year, date.month + 1, 1)
            }
        }
        guard (0...9999).contains(date.year) else { return nil }
        let fields = [(date.year, 4), (date.month, 2), (date.day, 2), (minuteOfDay / 60, 2), (minuteOfDay % 60, 2), (second, 2)]
        let digits = fields.map { value, width in
            let text = String(value)
            return String(repeating: "0", count: width - text.utf8.count) + text
        }
        return "\(digits[0])-\(digits[1])-\(digits[2])T\(digits[3]):\(digits[4]):\(digits[5])Z"
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Takes a time apart from its front.
private struct DigitReader {
    var rest: Substring.UTF8View

    mutating func number(_ width: Int, after mark: Unicode.Scalar?) -> Int? {
        if let mark {
            guard rest.popFirst() == UInt8(ascii: mark) else { return nil }
        }
        var value = 0
        for _ in 0..<width {
            guard let byte = rest.popFirst(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// What ends the time: a fraction of a second, which is dropped, and the minutes that the local time is ahead of UTC.
    mutating func offset() -> Int? {
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
            guard digits > 0 else { return nil }
            rest.removeFirst(digits)
        }
        let sign = rest.popFirst()
        if sign == UInt8(ascii: "Z") { return rest.isEmpty ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(2, after: nil),
            let minutes = number(2, after: ":"), hours < 24, minutes < 60, rest.isEmpty
        else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}
