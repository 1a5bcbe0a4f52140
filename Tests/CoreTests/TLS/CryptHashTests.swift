import Testing

@testable import Core

@Suite struct CryptHashTests {
    /// As crypt(3) of libxcrypt 4.4 made them for the password "demo".
    static let hashes = [
        "$6$saltsalt$..2OS7YQ9H8nOZV3zrRCC2W6gKqvDdWTzallpPfaVczvmUWzyIYqU0TarsE5PYaJ7eNXes2cIPl//BAZe0z3F1",
        "$6$rounds=10000$saltsalt$uqW5RMm6Hyw6F.M4CeL7G0BhDSS.Sy3oqDikASYLyxaqP9iHg1rVC6/9cSpSAlMrwN4.EZMAouHYmbFwwyurT0",
        "$6$$dyEGoRAbKiLc3HB/79hBkPSDp2v3OZ56sBlXNoMOCBndr.oKwdFxgbXYzQVND5XvJfd2BuxiF21/Qwd94GoAH1",
        "$5$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB",
        "$1$saltsalt$SKlXNLTI8uve4ydsY8EPd0",
        "$2y$05$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa",
        "$2b$12$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa",
        "$y$j9T$saltsalt$G5I4ay09tq9nnDnbATLeEEyPE3Ah3b30CLIMmZGoRT.",
        "$gy$j9T$saltsalt$uCWsf4d2Q5jYNznmU61yLWfDPKrIzHK3NyCQaIdIBV9",
        "$7$CU..../....saltsalt$GKOWDong.okEkicC4SqQ9am7qNxmROAevTuWvKsJWNA",
        "$sha1$20000$saltsalt$M7McyHfo.dolm4py8G7ps2gEVi2e",
        "abSQqR3lgjqok",
    ]

    @Test(arguments: hashes) func `Every kind of hash that crypt(3) makes is accepted as it is`(_ hash: String) throws {
        #expect(try CryptHash(hash).text == hash)
    }

    @Test(arguments: hashes) func `A hash that lost or gained a character is refused`(_ hash: String) {
        #expect(throws: ValueError.self) { try CryptHash(String(hash.dropLast())) }
        #expect(throws: ValueError.self) { try CryptHash(hash + "a") }
    }

    @Test(arguments: hashes) func `Nothing that could end a word or line of haproxy.cfg passes inside of a hash`(_ hash: String) {
        for character in [" ", "\n", "\r", "\t", "\0", "\"", "'", "\\", "#", "%", "[", "{", ":", "é", "*", "!"] {
            for index in hash.indices {
                var changed = hash
                changed.replaceSubrange(index...index, with: character)
                #expect(throws: ValueError.self) { try CryptHash(changed) }
            }
            #expect(throws: ValueError.self) { try CryptHash(hash + character) }
            #expect(throws: ValueError.self) { try CryptHash(character + hash) }
        }
    }

    @Test(arguments: [
        ("", "is empty"),
        ("secret", "plain-text password"),
        ("pa$$word", "plain-text password"),
        ("$ecret", "plain-text password"),
        ("two words", "spaces"),
        ("$apr1$saltsalt$3UJ4wVdSBkyXCxdXd2WrY.", "$apr1$"),
        ("{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE=", "LDAP"),
        ("fe01ce2a7fbac8fafaed7c982a04e229", "hexadecimal"),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "not supported"),
        ("$2x$05$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa", "not supported"),
        ("$2y$5$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa", "incomplete"),
        ("$2y$03$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa", "incomplete"),
        ("$1$saltsalts$SKlXNLTI8uve4ydsY8EPd0", "incomplete"),
        ("$6$saltsalt$short", "incomplete"),
        ("$6", "incomplete"),
        ("$", "plain-text password"),
    ]) func `The message says what a text is instead`(_ text: String, _ words: String) throws {
        let error = try #require(throws: ValueError.self) { try CryptHash(text) }
        #expect(error.message.contains(words), "\(error.message)")
        #expect(text.count < 3 || !error.message.contains(text))
    }

    @Test(arguments: ["0", "999", "01000", "1000000000", "", "1e4", "+2000"])
    func `Rounds that crypt(3) refuses are refused`(_ rounds: String) throws {
        let error = try #require(throws: ValueError.self) {
            try CryptHash("$5$rounds=\(rounds)$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB")
        }
        #expect(error.message.contains("rounds"))
    }

    @Test(arguments: [
        "$6$rounds=999999999$saltsalt$..2OS7YQ9H8nOZV3zrRCC2W6gKqvDdWTzallpPfaVczvmUWzyIYqU0TarsE5PYaJ7eNXes2cIPl//BAZe0z3F1",
        // A password of 512 bytes takes more than a second.
        "$5$rounds=500000$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB",
        "$2b$31$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa",
        "$y$jIT$saltsalt$G5I4ay09tq9nnDnbATLeEEyPE3Ah3b30CLIMmZGoRT.",
        "$7$IU..../....saltsalt$GKOWDong.okEkicC4SqQ9am7qNxmROAevTuWvKsJWNA",
        "$7$CU....zzzzzsaltsalt$GKOWDong.okEkicC4SqQ9am7qNxmROAevTuWvKsJWNA",
        "$7$zzzzzzzzzzzsaltsalt$GKOWDong.okEkicC4SqQ9am7qNxmROAevTuWvKsJWNA",
        "$sha1$900000000$saltsalt$M7McyHfo.dolm4py8G7ps2gEVi2e",
    ]) func `A hash that would occupy HAProxy's threads for long is refused`(_ hash: String) throws {
        let error = try #require(throws: ValueError.self) { try CryptHash(hash) }
        #expect(error.message.contains("expensive"), "\(error.message)")
    }

    @Test(arguments: [
        ("$1$saltsalt$SKlXNLTI8uve4ydsY8EPd0", 1...5),
        ("$5$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB", 5...25),
        ("$2y$05$abcdefghijklmnopqrstuupHpIXcOJo1NoZgX.hjwSF2SVi6yU1wa", 1...5),
        ("$2b$10$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa", 30...50),
        ("$2b$12$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa", 150...250),
        ("$y$j9T$saltsalt$G5I4ay09tq9nnDnbATLeEEyPE3Ah3b30CLIMmZGoRT.", 8...30),
        ("$7$CU..../....saltsalt$GKOWDong.okEkicC4SqQ9am7qNxmROAevTuWvKsJWNA", 100...250),
        ("abSQqR3lgjqok", 0...1),
    ]) func `The cost of a hash is that of its method and parameters`(_ hash: String, _ milliseconds: ClosedRange<Int>) throws {
        let cost = try CryptHash(hash).cost / .milliseconds(1)
        #expect((Double(milliseconds.lowerBound)...Double(milliseconds.upperBound)).contains(cost), "\(cost)")
    }
}
