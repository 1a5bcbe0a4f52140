/// A number that depends on the length of a text: a polynomial whose coefficients are not negative.
struct Growth: Hashable, Sendable {
    /// By degree.
    private var coefficients: [Double]

    static let one = Growth([1])
    static let zero = Growth([])
    /// The length of the text.
    static let length = Growth([0, 1])

    init(_ coefficients: [Double]) { self.coefficients = coefficients }

    init(_ number: Int) { coefficients = [Double(number)] }

    var degree: Int { max(coefficients.count - 1, 0) }

    func value(at length: Int) -> Double { coefficients.reversed().reduce(0) { $0 * Double(length) + $1 } }

    /// Term by term the greater one.
    static func greater(_ a: Growth, _ b: Growth) -> Growth {
        let count = max(a.coefficients.count, b.coefficients.count)
        return Growth((0..<count).map { max(a[$0], b[$0]) })
    }

    /// The same number for `count` texts that are together no longer than one: what does not depend on the length is there each time.
    func spread(over count: Growth) -> Growth { self + Growth([self[0]]) * count }

    private subscript(_ degree: Int) -> Double { degree < coefficients.count ? coefficients[degree] : 0 }

    static func + (a: Growth, b: Growth) -> Growth {
        let count = max(a.coefficients.count, b.coefficients.count)
        return Growth((0..<count).map { a[$0] + b[$0] })
    }

    static func * (a: Growth, b: Growth) -> Growth {
        guard !a.coefficients.isEmpty, !b.coefficients.isEmpty else { return .zero }
        var product = [Double](repeating: 0, count: a.coefficients.count + b.coefficients.count - 1)
        for (i, x) in a.coefficients.enumerated() { for (j, y) in b.coefficients.enumerated() { product[i + j] += x * y } }
        // Beyond this it is too much in any case, and the products of many parts stay short.
        return Growth(Array(product.prefix(12).map { min($0, 1e100) }))
    }
}
