import Core

extension ClusterSource {
    /// Secrets that the server has, of those asked for. What cannot be got now comes as an update as soon as it can.
    func secrets(_ keys: Set<ObjectKey>) async -> [Secret] {
        let known = keys.filter { key in
            followed.contains { $0.watch.resource.kind == .secret && $0.versions[key] != nil }
        }
        let secrets = await withTaskGroup(of: Secret?.self) { group in
            for key in known { group.addTask { await self.secret(key) } }
            var secrets: [Secret] = []
            for await secret in group { if let secret { secrets.append(secret) } }
            return secrets
        }
        if !missedSecrets.isEmpty {
            tell(SourceUpdate(isInitial: false))
            retryMissedSecrets()
        }
        return secrets
    }

    /// For the log; nil when nothing is missed.
    var missedSecretsMessage: String? {
        guard let (key, error) = missedSecrets.min(by: { $0.key.description < $1.key.description }) else { return nil }
        return "cannot get Secrets that are named, such as \(key.namespace)/\(key.name), which count as not there: \(error)"
    }

    private func secret(_ key: ObjectKey) async -> Secret? {
        let resource = APIResource.secrets
        do {
            let bytes = try await api.get(resource.path(namespace: key.namespace, name: key.name))
            missedSecrets[key] = nil
            guard let node = try? JSONParser.node(from: bytes),
                case .object(.secret(let secret), _, _) = ObjectDecoder().decode(node)
            else { return nil }
            return secret
        } catch let error as APIError where !error.isNotFound {
            missedSecrets[key] = error
        } catch {
            missedSecrets[key] = nil
        }
        return nil
    }

    /// One request at a time: what keeps one Secret back keeps most others back as well.
    private func retryMissedSecrets() {
        guard secretRetry == nil else { return }
        secretRetry = Task {
            var failures = 1
            while !Task.isCancelled, let key = missedSecrets.keys.randomElement() {
                try? await Task.sleep(for: times.retry(failures: failures))
                let secret = await secret(key)
                failures = missedSecrets[key] == nil ? 1 : failures + 1
                guard missedSecrets[key] == nil else { continue }
                tell(SourceUpdate(isInitial: false, changed: [secret].compactMap { $0.map(KubernetesObject.secret) }))
            }
            secretRetry = nil
        }
    }
}
