/// Certificates for the manifests of examples. The key is public: it protects nothing.
enum ExampleCertificate {
    /// An authority, which signed ``certificate``.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBszCCAVmgAwIBAgIUGO/QkHWqBjK4GQjN+ooPQNeZnbEwCgYIKoZIzj0EAwIw
        LjEQMA4GA1UECgwHRXhhbXBsZTEaMBgGA1UEAwwRRXhhbXBsZSBhdXRob3JpdHkw
        IBcNMjYxMTIzMDM0OTIyWhgPMjEyNjEwMzAwMzQ5MjJaMC4xEDAOBgNVBAoMB0V4
        YW1wbGUxGjAYBgNVBAMMEUV4YW1wbGUgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYI
        KoZIzj0DAQcDQgAEjl1R9zeKeEldyMd/6VcyiIvyQM6pHxHrJZgAkRStKpAkc1K7
        IfUKKZ91M2uYvlAfFUbEe4W4NhRpItRacibhUqNTMFEwHQYDVR0OBBYEFFzcR6Jz
        QFbYnp2naGDEXDDmjOEJMB8GA1UdIwQYMBaAFFzcR6JzQFbYnp2naGDEXDDmjOEJ
        MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALU7eQP/DgYuOk/j
        +JJWh024ndVH3cm3XF1LU4IVZM+NAiAR90VsbVB1MUF/x0hsqMqLk8g/lNwV01uI
        njz/8KHhSg==
        -----END CERTIFICATE-----
        """

    /// For shop.example.com and *.example.com, valid for a hundred years.
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIB7jCCAZSgAwIBAgIUTvb1UavV3GyNLeNYcMoYVd6KfDUwCgYIKoZIzj0EAwIw
        LjEQMA4GA1UECgwHRXhhbXBsZTEaMBgGA1UEAwwRRXhhbXBsZSBhdXRob3JpdHkw
        IBcNMjYxMTIzMDM0OTIyWhgPMjEyNjEwMzAwMzQ5MjJaMC0xEDAOBgNVBAoMB0V4
        YW1wbGUxGTAXBgNVBAMMEHNob3AuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggq
        hkjOPQMBBwNCAASASAV+MY62LVt+Ai5yOrF/Ur0Y6XqfaQqbRnm5OkjJcIwWYDIU
        p6P87tJ89y5oAHq5hEkZyQG1y8n1kw+rcShko4GOMIGLMCoGA1UdEQQjMCGCEHNo
        b3AuZXhhbXBsZS5jb22CDSouZXhhbXBsZS5jb20wHQYDVR0lBBYwFAYIKwYBBQUH
        AwEGCCsGAQUFBwMCMB0GA1UdDgQWBBT3N9r5wVV5YspB5DaDvEeoF8dm0jAfBgNV
        HSMEGDAWgBRc3Eeic0BW2J6dp2hgxFww5ozhCTAKBggqhkjOPQQDAgNIADBFAiEA
        znAqZEEQPEj1zJmhWixdu6dGkuPZaUo32GO2ttVWHGoCIEjwSW8ix62TyZqQOWnP
        NS4q92gDJEWamBD0cdgoLsko
        -----END CERTIFICATE-----
        """

    /// The private key of ``certificate``.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgARSXm/5/nzbH2vjs
        RcYHWc1RWGo8CeIVM+IWZIO+em2hRANCAASASAV+MY62LVt+Ai5yOrF/Ur0Y6Xqf
        aQqbRnm5OkjJcIwWYDIUp6P87tJ89y5oAHq5hEkZyQG1y8n1kw+rcShk
        -----END PRIVATE KEY-----
        """

    /// An authority whose key is known too.
    static let signer = """
        -----BEGIN CERTIFICATE-----
        MIIBrjCCAVOgAwIBAgIUHpMWvwI6nrfLxtF9hSXSGsaNHjIwCgYIKoZIzj0EAwIw
        KzEQMA4GA1UECgwHRXhhbXBsZTEXMBUGA1UEAwwORXhhbXBsZSBzaWduZXIwIBcN
        MjYxMTIzMDcyMDIwWhgPMjEyNjEwMzAwNzIwMjBaMCsxEDAOBgNVBAoMB0V4YW1w
        bGUxFzAVBgNVBAMMDkV4YW1wbGUgc2lnbmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEbsTka2N+Roz1qtnXFERID4tIOCzqrfryjfMn19waiyLFiII+eeSAbEZQ
        AFnu7yOXL1iPPXaZsRhzDEN4n4vr2KNTMFEwHQYDVR0OBBYEFKOGMnRznYWif1I8
        3P51qnqImdjqMB8GA1UdIwQYMBaAFKOGMnRznYWif1I83P51qnqImdjqMA8GA1Ud
        EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAPTmaTyKgGSsFnqZ8eDYW85x
        BifXyAYIhpkqeUVi+4MZAiEA7OJ2b6ZSbY43CWj1XFQeZUpWRrhsQdAzLsRpK3om
        7SY=
        -----END CERTIFICATE-----
        """

    /// The private key of ``signer``.
    static let signerKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglXTNfY5Y1vifYxys
        1EMs01Y+krpc9y8buKHhuegbjYChRANCAARuxORrY35GjPWq2dcUREgPi0g4LOqt
        +vKN8yfX3BqLIsWIgj555IBsRlAAWe7vI5cvWI89dpmxGHMMQ3ifi+vY
        -----END PRIVATE KEY-----
        """
}
