import Core
import Foundation
import Testing

@testable import Controller

@Suite struct PasswordCheckTests {
    private func header(_ text: String) -> String { "Basic \(Data(text.utf8).base64EncodedString())" }

    @Test(arguments: [
        "$6$saltsalt$..2OS7YQ9H8nOZV3zrRCC2W6gKqvDdWTzallpPfaVczvmUWzyIYqU0TarsE5PYaJ7eNXes2cIPl//BAZe0z3F1",
        "$5$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB", "$1$saltsalt$SKlXNLTI8uve4ydsY8EPd0",
        "$2y$05$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa",
        "$y$j9T$saltsalt$G5I4ay09tq9nnDnbATLeEEyPE3Ah3b30CLIMmZGoRT.", "abSQqR3lgjqok",
    ])
    func `A password is behind its hash, and others are not`(_ hash: String) async throws {
        let users = ["joe": try CryptHash(hash)]
        let check = PasswordCheck()
        for _ in 0..<2 {
            #expect(await check.accepts(try #require(BasicCredentials(header("joe:demo"))), among: users))
            for other in ["joe:Demo", "joe:", "ann:demo", ":demo", "joe:demo\0x"] {
                #expect(await !check.accepts(try #require(BasicCredentials(header(other))), among: users), "\(other)")
            }
        }
        // What was known is forgotten with the hash.
        #expect(await !check.accepts(try #require(BasicCredentials(header("joe:demo"))), among: [:]))
        let next = ["joe": try CryptHash("$5$f9c2a71d$THiWmct/N3rdH3jmtQXnvvjJmNzcxL8dHn8SzC1bPp/")]
        #expect(await !check.accepts(try #require(BasicCredentials(header("joe:demo"))), among: next))
        #expect(await check.accepts(try #require(BasicCredentials(header("joe:secret"))), among: next))
    }

    @Test func `A password may hold colons, and is no longer than crypt takes`() async throws {
        #expect(BasicCredentials(header("a:b:c"))?.password == "b:c")
        let users = ["joe": try CryptHash("$5$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB")]
        let long = try #require(BasicCredentials(header("joe:" + String(repeating: "a", count: 100_000))))
        #expect(await !PasswordCheck().accepts(long, among: users))
    }

    @Test(arguments: ["", "Basic", "Basic !", "Bearer am9lOmRlbW8=", "Basic am9l", "Basic am9lOmRlbW8= x", "Basic //8="])
    func `What is not a name with a password is none`(_ header: String) {
        #expect(BasicCredentials(header) == nil)
    }
}
