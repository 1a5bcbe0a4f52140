/// The one place that judges regular expressions inside tenants' expressions: the match method `reg`, ACLs such as `path_reg`, and the
/// converter `regsub`.
public enum RegularExpressionBound {
    /// HAProxy matches with texts of any length that its buffers hold, so the expression has to stay below the bound for the longest.
    ///
    /// - Throws: ``ValueError`` when the pattern is none, or may take long: what is wrong, in words that complete "the value ...".
    public static func check(_ pattern: String) throws {
        guard !pattern.isEmpty else { throw ValueError("is an empty regular expression") }
        let expression = try BoundedRegularExpression(pattern)
        guard expression.steps(length: BoundedRegularExpression.longestText) <= BoundedRegularExpression.mostSteps else {
            throw ValueError("can take very long for a long text; ^ at its beginning may help, and [^/]* in place of .*")
        }
    }
}
