/// Whether HAProxy can be given other authorities for clients' certificates, or other lists of revoked ones, which it keeps as it
/// keeps authorities. HAProxy 2.6 does not note which certificates use an
/// authority that was replaced at run time: when one of them is replaced next, and then the authority once more, it follows a
/// dangling pointer and crashes (https://github.com/haproxy/haproxy/issues/3165).
enum AuthorityReplacement {
    case possible, hasBeen, harmful
}

extension RunningState {
    func authorityUpdates(to desired: DesiredState, in parts: ChangedParts) -> [RuntimeUpdate] {
        (parts.isEverything ? desired.files.keys.sorted() : parts.files.sorted()).compactMap { path in
            guard let file = desired.files[path], file.verifiesClients, let old = files[path], old.content != file.content
            else { return nil }
            return file.kind == .clientAuthority
                ? .replaceAuthority(path: path, content: file.content)
                : .replaceRevocations(path: path, content: file.content)
        }
    }

    func certificateUpdates(to desired: DesiredState, in parts: ChangedParts) -> [RuntimeUpdate] {
        var updates: [RuntimeUpdate] = []
        let list = desired.certificateList.entries
        for path in parts.isEverything ? desired.files.keys.sorted() : parts.files.union(parts.certificates).sorted() {
            guard let file = desired.files[path], file.kind == .certificate else { continue }
            guard let old = files[path] else {
                if list[path] != nil { updates.append(.addCertificate(path: path, content: file.content)) }
                continue
            }
            if old.content != file.content { updates.append(.replaceCertificate(path: path, content: file.content)) }
        }
        let listed = parts.isEverything ? Set(list.keys).union(certificateList.keys) : parts.certificates
        for path in listed.sorted() where certificateList[path] != list[path] {
            guard let names = list[path] else { continue }
            updates.append(
                certificateList[path] == nil
                    ? .addListEntry(path: path, names: names) : .replaceListEntry(path: path, names: names))
        }
        for path in listed.sorted() where certificateList[path] != nil && list[path] == nil {
            let isLong = CertificateList.lines(path, names: certificateList[path] ?? []).count > 1
            updates.append(.removeListEntry(path: path, isLong: isLong))
            updates.append(.removeCertificate(path: path))
        }
        return updates
    }
}
