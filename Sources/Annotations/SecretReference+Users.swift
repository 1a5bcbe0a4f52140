import Core

extension Resolved where Value == SecretReference {
    /// The users that a Secret lists, as far as a tenant may have so many, and what is told about others.
    ///
    /// - Throws: as ``users(in:)``.
    func users(
        in secret: Secret, within limits: ResourceLimits
    ) throws -> (users: [String: CryptHash], excess: Finding?) {
        let all = try users(in: secret)
        let limit = limits[.users]
        guard scope > .configMap, all.count > limit else { return (all, nil) }
        let kept = all.sorted { $0.key < $1.key }.prefix(limit)
        let finding = Finding(
            .error, object: ObjectKey(.secret, namespace: secret.metadata.namespace, name: secret.metadata.name), key: "data",
            "lists \(all.count) users, of which those after \(kept.last?.key.quotedForPeople ?? "") cannot come in; \(limits.description(of: .users))",
            expected: "at most \(limit) users")
        return (Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) }), finding)
    }

    /// The users that a Secret lists: names as keys, crypt(3) hashes as values.
    ///
    /// - Throws: ``AnnotationError`` when it lists none, a name that is none, or a value that is no hash.
    func users(in secret: Secret) throws -> [String: CryptHash] {
        guard !secret.data.isEmpty else { throw error("is an empty Secret: it lists no user") }
        var hashes: [String: CryptHash] = [:]
        for (user, value) in secret.data {
            guard !user.isEmpty, user.utf8.allSatisfy(Self.canBeInUserName) else {
                throw error("lists the user \(user.quotedForPeople), whose name is not made of letters, digits, - . and _")
            }
            hashes[user] = try hash(value, of: user)
        }
        return hashes
    }

    private func hash(_ value: [UInt8], of user: String) throws -> CryptHash {
        var text = String(decoding: value, as: UTF8.self)
        // `echo` and `openssl passwd` leave one.
        while text.last?.isNewline == true { text.removeLast() }
        do { return try CryptHash(text) } catch {
            // The value itself stays out of logs.
            if let colon = text.firstIndex(of: ":"), (try? CryptHash(String(text[text.index(after: colon)...]))) != nil {
                throw self.error(
                    "holds an htpasswd line under the key \(user)", expected: "the user's name as key and the hash alone as value"
                )
            }
            let problem = (error as? ValueError)?.message ?? "is no crypt(3) hash"
            throw self.error("holds a value for user \(user) that \(problem)", expected: "a hash as openssl passwd -6 prints it")
        }
    }

    /// The characters of a Secret's keys (https://kubernetes.io/docs/concepts/configuration/secret/).
    private static func canBeInUserName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
