/// The variables of log-format strings that tenants may use (configuration manual, section 8.2.6 "Custom log format", in later
/// manuals 8.2.4).
///
/// Those are left out that count what others do (`%ac`, `%fc`, `%lc`, `%rt`), that tell of the process (`%pid`), or that hold what
/// others captured (`%CC`, `%CS`, `%hr`, `%hs`).
enum LogFormatVariable: String, CaseIterable, Hashable, Sendable {
    /// Applies its flags to all that follows.
    case o
    case B, H, HM, HP, HPO, HQ, HU, HV, ID, ST, T, TR, Ta, Tc, Td, Th, Ti, Tl, Tq, Tr, Ts, Tt, Tu, Tw, U
    case b, bc, bi, bp, bq, ci, cp, f, fi, fp, ft, ms, r, rc, s, sc, si, sp, sq, sslc, sslv, t, tr, trg, trl, ts, tsc

    /// Flags in braces, each with `+` or `-` in front: quotes, hexadecimal addresses, escapes, `-` for what is empty.
    static let flags: Set<String> = ["Q", "X", "E", "M"]
}
