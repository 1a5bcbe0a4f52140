import Annotations
import Core
import Testing

@Suite("The catalogue of keys")
struct CatalogueTests {
    private let registry: AnnotationRegistry

    init() throws { registry = try AnnotationRegistry(AnnotationHandlers.all) }

    @Test("the list is read as a whole")
    func list() {
        #expect(Catalogue.entries.count == 90)
        #expect(Set(Catalogue.entries.map(\.name)).count == Catalogue.entries.count)
    }

    @Test("every key is there, older names too")
    func present() {
        let missing = Catalogue.entries.map(\.name).filter { registry.keys[$0] == nil }
        #expect(missing.isEmpty)
    }

    @Test("a key has the scopes, the default and the way of changing that people rely on", arguments: Catalogue.entries)
    func promises(entry: Catalogue.Entry) throws {
        guard let key = registry.keys[entry.name] else { return }
        switch entry.meaning {
        case .olderName(let newer):
            #expect(key.name == newer)
            #expect(key.olderNames.contains(entry.name))
        case .key(let scopes, let update, let defaultValue):
            #expect(key.name == entry.name)
            #expect(key.scopes == scopes)
            #expect(key.update == update)
            if defaultValue == "" {
                #expect(key.defaultValue?.contains(" ") == true, "the default needs words: \(key.defaultValue ?? "none")")
            } else {
                #expect(key.defaultValue == defaultValue)
            }
        }
    }

    @Test("no key is there that the list does not have")
    func extra() {
        let known = Set(Catalogue.entries.map(\.name))
        #expect(registry.keys.keys.filter { !known.contains($0) }.sorted() == [])
    }
}
