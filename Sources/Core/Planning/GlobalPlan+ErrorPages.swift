extension GlobalPlan {
    /// Adds the files of the pages that `--configmap-errorfiles` brings.
    ///
    mutating func addErrorPages(_ store: ObjectStore, options: EngineOptions, refusals: Refusals) {
        guard let name = options.errorFilesConfigMap else { return }
        let object = ObjectKey(.configMap, namespace: name.namespace, name: name.name)
        guard let configMap = store.configMaps[object] else {
            findings.append(
                Finding(
                    .warning, object: object, "does not exist; --configmap-errorfiles names it for error pages", missing: object))
            return
        }
        let room = roomForPages
        for (key, text) in configMap.data.sorted(by: { $0.key < $1.key }) {
            func refuse(_ message: String, expected: String? = nil, example: String? = nil) {
                findings.append(
                    Finding(.error, object: object, key: key, value: text, message, expected: expected, example: example))
            }
            guard let code = Int(key), String(code) == key, ErrorPage.codes[code] != nil else {
                let codes = ErrorPage.codes.keys.sorted().map(String.init).joined(separator: ", ")
                refuse("is a page for \(key.quotedForPeople)", expected: "a key that is one of \(codes)", example: "503")
                continue
            }
            let page: ErrorPage
            do { page = try ErrorPage(code: code, text: text, room: room) } catch {
                refuse(
                    error.message, expected: "a body, or an HTTP message with status line, headers and body",
                    example: "<h1>Back soon</h1>")
                continue
            }
            let file = ConfigurationFile(path: page.path, content: page.content, kind: .plain)
            let refusal =
                refusals.refusal(of: object, key: key, value: text) ?? refusals.refusal(of: file)
            if let refusal {
                refuse("is refused by HAProxy: \(refusal)")
                continue
            }
            files.append(file)
            errorPages.append(Traced("errorfile \(code) \(page.path)", origin: Origin(object: object, key: key)))
        }
    }

    /// How many bytes of an answer HAProxy's buffer holds beside what `http-after-response` rules may add (configuration
    /// manual, section 3.2, `tune.bufsize` and `tune.maxrewrite`).
    private var roomForPages: Int {
        let size = handlers.environment.bufferSize
        return size - min(global.size("tune.maxrewrite") ?? 1024, size / 2)
    }
}
