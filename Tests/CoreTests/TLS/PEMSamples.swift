/// What CertificateIssuer does not make, made with the openssl command. The keys protect nothing.
enum PEMSamples {
    /// Signed with ECDSA and SHA-256 by another key; its key is ``key``.
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBGTCBwQIUNR/IR26ngOCIql5qc94Z7RB5+U8wCgYIKoZIzj0EAwIwDTELMAkG
        A1UEAwwCY2EwHhcNMjYxMTIzMDQyNzQxWhcNMzYxMTIwMDQyNzQxWjATMREwDwYD
        VQQDDAhzaGExbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBGyu4gPQwPA
        oO/r/+kZWwNy15K3+IiPT2QPvc/CbqAq3cLxCF4PUPLkty/Cmu7C2m0gj+tqI9VZ
        xoibe1NX05YwCgYIKoZIzj0EAwIDRwAwRAIgaNz1WprwRtzVosk+hR7jl9gsdIGE
        KT18TMxSSo5hCCMCIEFexzaZ26ulV0o8sBgPKt69MPTZIrAiAvgWOu+ny9f7
        -----END CERTIFICATE-----
        """

    /// The same, signed with SHA-1.
    static let signedWithSHA1 = """
        -----BEGIN CERTIFICATE-----
        MIIBGDCBwAIUXkvllzx+uuCY7O9PZ4S3mzBQ2QcwCQYHKoZIzj0EATANMQswCQYD
        VQQDDAJjYTAeFw0yNjExMjMwNDI3NDFaFw0zNjExMjAwNDI3NDFaMBMxETAPBgNV
        BAMMCHNoYTFsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEbK7iA9DA8Cg
        7+v/6RlbA3LXkrf4iI9PZA+9z8JuoCrdwvEIXg9Q8uS3L8Ka7sLabSCP62oj1VnG
        iJt7U1fTljAJBgcqhkjOPQQBA0gAMEUCIB7eGpkLb0HFKxIX6CZx02QwMePSTYfY
        uGfnY1R9U/TGAiEA349YUqi8PCuMTjai7dJD6TZ/chVn7QnFael2bySKkqw=
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQqzzDudWC1M6Yw88
        khTZNdxoGZBFh7dkok9yTkhh0Q2hRANCAAQRsruID0MDwKDv6//pGVsDcteSt/iI
        j09kD73Pwm6gKt3C8QheD1Dy5LcvwpruwtptII/raiPVWcaIm3tTV9OW
        -----END PRIVATE KEY-----
        """

    /// ``key`` as `openssl ecparam -genkey` writes keys: after the parameters of the curve, in the form of RFC 5915.
    static let keyAfterParameters = """
        -----BEGIN EC PARAMETERS-----
        BggqhkjOPQMBBw==
        -----END EC PARAMETERS-----
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIEKs8w7nVgtTOmMPPJIU2TXcaBmQRYe3ZKJPck5IYdENoAoGCCqGSM49
        AwEHoUQDQgAEEbK7iA9DA8Cg7+v/6RlbA3LXkrf4iI9PZA+9z8JuoCrdwvEIXg9Q
        8uS3L8Ka7sLabSCP62oj1VnGiJt7U1fTlg==
        -----END EC PRIVATE KEY-----
        """

    /// ``key`` encrypted, in OpenSSL's old form.
    static let encryptedKey = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,6ED1283694843764FCE671C6D7C66F90

        svEcls7YREikjx9gMsCCpX6PH476yZNeCuVAxEBUiVI5goIQrXYv3w4tvNQezoYU
        lGbabrCgvWuVtYLI+KXhkCWhEB25RzUMtLF4Ux06kWgAJjjqwwnwcOPgIRsMFesU
        lqPvClDlgKB2HygCeD0Jlpn140MZkw+8ulFFQcZam38=
        -----END EC PRIVATE KEY-----
        """

    /// ``key`` encrypted, as PKCS #8.
    static let encryptedPKCS8Key = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgYaOw1XTa6vQICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGo8Qd/TpUGm7LUzyibuKHkEgZDy
        1R5KUZUT4QeQDPv1b5cow2UsqUDiNlClku6hIRBfe5do6t0J61fJgBbrId6X5AgM
        YscHz/evjCyRo9v2zrqHLZ6eyuxw8PepIU2u4Y7b0E0Hczx6iC4BrXzeQbprOXyv
        bEqk8HOqiDe0W/pc63nmvx3z19td9wy2UDqXcNTptrHwrEq/QPfCUM/lUrmtidY=
        -----END ENCRYPTED PRIVATE KEY-----
        """

    /// Of 1024 bits.
    static let weakRSACertificate = """
        -----BEGIN CERTIFICATE-----
        MIICEjCCAXugAwIBAgIUZRJXUENyLyXdCPa/iNlPG5IIzqYwDQYJKoZIhvcNAQEL
        BQAwGzEZMBcGA1UEAwwQd2Vhay5leGFtcGxlLmNvbTAeFw0yNjExMjMwNDI3NDBa
        Fw0zNjExMjAwNDI3NDBaMBsxGTAXBgNVBAMMEHdlYWsuZXhhbXBsZS5jb20wgZ8w
        DQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAL8tVQot8S2JaQ/57p04DdyizrtaHLid
        NnrbjJl09Huw2kP0HYLGK5P1W0Z5Y+9zl5V3F8WBJfBp9+k3X3ItvxkoBkUNlm25
        BPXDXhzxCZdaD5D9LgYqAbb3UxiXwaUAEsEYd2mDcsdW85+JYp5mpo6UxTQe5X6H
        PGFJBAXoC713AgMBAAGjUzBRMB0GA1UdDgQWBBTOpIGYZ8mTAfn9muiYTmKCIDNc
        hTAfBgNVHSMEGDAWgBTOpIGYZ8mTAfn9muiYTmKCIDNchTAPBgNVHRMBAf8EBTAD
        AQH/MA0GCSqGSIb3DQEBCwUAA4GBAKOffD1qGtSF7VRWUI+XCOK4zKil7/Hu+eyQ
        XnGmaZppHxUcCQnJe9yo2fnKMHreiDf5gIoSexbjat5PkYrj3H2RoThzQeJbymAO
        d8MqOtDL9ef3l3+7GfIgx4O7SKc+0os1fujxvGHqPClY+JEGhFoRyOHb3EUTC5U5
        LTe15uoa
        -----END CERTIFICATE-----
        """

    static let weakRSAKey = """
        -----BEGIN PRIVATE KEY-----
        MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAL8tVQot8S2JaQ/5
        7p04DdyizrtaHLidNnrbjJl09Huw2kP0HYLGK5P1W0Z5Y+9zl5V3F8WBJfBp9+k3
        X3ItvxkoBkUNlm25BPXDXhzxCZdaD5D9LgYqAbb3UxiXwaUAEsEYd2mDcsdW85+J
        Yp5mpo6UxTQe5X6HPGFJBAXoC713AgMBAAECgYAsSYYfu5DZabGq/80lIq0jZZva
        jv+ETPcn8uBZVFymosuNXmnPt7S0q+wfIVPjTrXY7CPXnxl43jOOFUPJIYvZE32H
        zLaLnCU3czCpyR+8TWIlxltzD7rLlEH/awnIQWpNOLI6jZZXsHALY45txO3Os+S8
        VvzyQIbYKMe+RKcJQQJBAORsxIkn2L4vIqrLVMp9+hKQMzN/1MqqFUq9QPbaC88R
        eDOJWDUt1iScqqwW+29dFjNtdww9Sk9HXMoAedVzbAcCQQDWQXXSmUVyVvYPonJ2
        Co/N8reWMl4av/O1DqXM7Zz7aG+pAuv56P0WjjMXm4pbsN/rHYbZXyuYFg4/rnoo
        j6cRAkBEC87EWPVtOldmb6nzpHGRhBlslwEJ2n77Q8ONhckMx1R6bci0FtJ7F5yU
        JUiDlURez5YuNDflxAl1N40TtA2TAkBcNJesJmIIrvv+Bn8T5b+1dfskHFD7Whhb
        lw4rfybL20oShjtftbEVf+TlB/8nLptu56oc6iQss3E2XrQbuJbBAkEA3CagSCV7
        0MTno8nKfj9g4wkHxnHTPFG8qyRfqNhnyS4lF3ixNXPcZZQyzo8WLWdjRROOQF76
        FfOBJb55MiPkJQ==
        -----END PRIVATE KEY-----
        """

    /// Of 9216 bits, for which nobody has the key.
    static let costlyRSACertificate = """
        -----BEGIN CERTIFICATE-----
        MIIFcjCCBRgCFGvHNWQld03PwB8TCGhZUqevTkA1MAoGCCqGSM49BAMCMA0xCzAJ
        BgNVBAMMAmNhMCAXDTI2MTEzMDE1MjYzN1oYDzIxMjYxMTA2MTUyNjM3WjAdMRsw
        GQYDVQQDDBJjb3N0bHkuZXhhbXBsZS5jb20wggSiMA0GCSqGSIb3DQEBAQUAA4IE
        jwAwggSKAoIEgQD6Upuj/jv62nzyByTZU+4mHYfOwx9ylqt5Yf2SXTnQqJou+A9Y
        7oVx9JmNfECT9t6iaKqHJgdnnWBQkUqdM6AcNTxjHN/UPzcSADOdBoc5+p0d4qBd
        FYov8u5ORRn5kZyJX9ezJrlMf5EYuxYAD0nIGjWMoA11mF2ZyUMJVw3BlRwkQvkp
        jLOlcMzsMTVxgQr8Ey0NET2xfTDLyX0P73koZoNohqJgzQt7RRRcGoFoLGTlDK1m
        I3oEZefkI2Ry8aOPLG7IzEFpo646K3/f4BiT867QtsesFJHe+IM05kfLj3Tmml0N
        0nplvWKIga0bctunq+HCnhqO9PNB4HqD9z8W2/SosrDEMS0gIDYm8/45wFGQiPWQ
        +70RnByq916HZu2I2vQBa0AT7yVLDE4BDEdZSCycvENDXMUurgXPltDMX9TCjC58
        JoR/AxaQnju76eqolIyJO2GGdia7fb0tHJrwFT58KiaiwL07Eof/9S3fXWFkmcni
        WnYFrsbwJFvYbUD8iRtKalDfTbTWajpHRppNjNswX90uFgluNqqw0bxS2SMNl37i
        JXFZRyB3H4yoGBFm0ih2cv3yAiqW+xoUoPnnfxsQPN8VgrDqtHfSZBVHnGXcn1A/
        Y6+DvQVh5iEccM9JlSOZxKrqwTfcdvsPF6MAfmKqCh35/XicZTk4KwU35lr/sil2
        MamS8M5YNQXGrwdY1VY9qyzTHuMVEohiwzpPt3TrUkjbQK9yFYNw0mmppa5ljzP+
        O4kLk/RIs6WqPIFPQm3Ls5T7NrstQg8PiAgLEKPWsqoF4RqycVlFeV6CKUUavYHx
        1p7WF/XoN9cIIP4RmnLRdMnfaswBHN2UdAMbfyYUS5gon81ZpUp7sf7gj1cSQkJQ
        UcHM0X+ayuAfUFfKAhNekrHT8o7eDXrDuuqeE97vhqsQMdD2RuH0Cgl8l2v0bGl9
        LK+C7urL4ibodVVXkPguwdP8/yo69NRrChjogw4HvB45jxASvUrO+uy9OJvkvPxJ
        tkoIcubMOrq87SBX7gXN4AkCx36/8gaGc0chTN0gVZMNbq8U9HM/Pn0b+8ei6iCy
        8UyULgUxmstcdCc/mOJ3TL2HrVyQqVh0A+Qw7Ganh5XnYdF3Ma8QUGvy78b4dxht
        drB+iB7RYq4usVR/FQUkNLm13553abEPQgW0kHpwwxAS8De2TOQijDj7KRjxNdJf
        VXIDMBhQxaOP1UeSOnNplOO/kRph2+IuRBWLrpe6lNDtqC+PbQVYTviqOJInZlge
        J6HAimpj7CTt5qRrTLJCSiPVliIXvq3bxJbLjoGXPgvs17A4mNGQ+evazAyx4pxl
        jNoUleYK9ZO9BM8P1jDx8p0NqZU/SPGgn3a1oXCzODkmMFnyjBBdH7F8I5DBks/T
        rJSvDyHdtmytSiaNEW7OFzj32T2cFyQR4guPaw1Um28DZ1oWAKNaCZlQ2Db2dcyB
        50716OJdlA7ZBHWVMZhdXZ3J+BgY6BGJL5Ar0j8IJBKLLzMMXH/QpqOkUGUTJw4m
        ng038qdN5FLmtDkCAwEAATAKBggqhkjOPQQDAgNIADBFAiAavGeaZg1Pwe0HxpwN
        /WuRl8h7GZFenqlrlmKx6Ma20QIhAP6u4No3mJRChgwJ2xoBsrarQ5p/8m9AYdKo
        f0mJxdK6
        -----END CERTIFICATE-----
        """
}
