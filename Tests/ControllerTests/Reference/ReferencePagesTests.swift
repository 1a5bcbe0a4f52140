import Core
import Foundation
import Testing

@testable import Controller

@Suite("The reference in Markdown")
struct ReferencePagesTests {
    private func file(_ name: String) throws -> String {
        try #require(ReferencePages(ReferenceFixtures.registry()).files[name])
    }

    @Test("There is an index and a page for each family, all marked as generated")
    func files() throws {
        let files = try ReferencePages(ReferenceFixtures.registry()).files
        #expect(files.keys.sorted() == ["README.md", "response-headers.md", "tcp-timers.md"])
        #expect(files.values.allSatisfy { $0.hasPrefix("<!-- Written by `swift package") && $0.hasSuffix("\n") })
    }

    @Test("The same handlers make the same pages, in whatever order they come")
    func deterministic() throws {
        let other = try AnnotationRegistry([
            ReferenceFixtures.Notes.self, ReferenceFixtures.Robots.self, ReferenceFixtures.Delay.self,
        ])
        #expect(try ReferencePages(other).files == ReferencePages(ReferenceFixtures.registry()).files)
    }

    @Test("The index has a row for each key, which links to its heading")
    func index() throws {
        let index = try file("README.md")
        #expect(
            index.contains(
                "| [`robots-tag`](response-headers.md#robots-tag) | ConfigMap, Ingress, Service | `string` | `a\\|b` | no reload (map) | What robots may do. |\n"
            ))
        #expect(index.contains("| [`delay`](tcp-timers.md#delay) |"))
        #expect(index.contains("| `robots` |  |  |  |  | Older name of [`robots-tag`](response-headers.md#robots-tag). |"))
        #expect(index.contains("- [Robots](response-headers.md)\n- [TCP timers](tcp-timers.md): Delays, Notes\n"))
    }

    @Test("Where a heading is there twice, the link leads to the right one")
    func secondHeading() throws {
        // The handler "Notes" and its key `notes` share a page.
        #expect(try file("README.md").contains("[`notes`](tcp-timers.md#notes-1)"))
    }

    @Test("A page says what a family does, its keys, older names, and shows complete manifests with what they lead to")
    func page() throws {
        let page = try file("response-headers.md")
        #expect(page.contains("\n# Robots\n\nTells robots what to do.\n\nIn a second paragraph | with a bar.\n"))
        #expect(page.contains("the route answers 503"))
        #expect(page.contains("| `robots-tag` | ConfigMap, Ingress, Service | `string` | `a\\|b` | 1.0 | no reload (map) |"))
        #expect(page.contains("\n## `robots-tag`\n\nWhat robots may do. More words.\n\n- Accepts text on one line.\n"))
        #expect(page.contains("- Older names: `robots`.\n"))
        #expect(page.contains("- Also read as `kubernetes.io/robots.agent`.\n"))
        #expect(page.contains("```yaml\nhaproxy.org/robots-agent: \"say \\\"all\\\"\"\n```\n"))
        #expect(page.contains("\n## Example: No index\n\n```yaml\nkind: Ingress\n"))
        #expect(page.contains("\nleads to\n\n```haproxy\nhttp-response set-header X-Robots-Tag noindex\n```\n"))
    }

    @Test("An example with several lines is a block scalar, in a fence that its text cannot end")
    func severalLines() throws {
        #expect(try file("tcp-timers.md").contains("````yaml\nnotes: |\n  one ```\n  two\n````\n"))
    }

    @Test("Where HAProxy has the last word on a value, its key says so, and no other does")
    func checked() throws {
        #expect(try file("tcp-timers.md").components(separatedBy: "- HAProxy has the last word: ").count == 2)
        #expect(try !file("response-headers.md").contains("HAProxy has the last word"))
    }

    @Test("A directory is made to hold the pages: changed files only, generated ones that are gone removed, others left")
    func directory() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let directory = ReferenceDirectory(url: url)
        let pages = try ReferencePages(ReferenceFixtures.registry())
        #expect(try directory.hold(pages) == ["README.md", "response-headers.md", "tcp-timers.md"])
        #expect(try directory.hold(pages) == [])

        try "\(ReferencePages.header)\nold\n".write(to: url.appending(path: "gone.md"), atomically: true, encoding: .utf8)
        try "mine\n".write(to: url.appending(path: "notes-of-mine.md"), atomically: true, encoding: .utf8)
        try "edited\n".write(to: url.appending(path: "tcp-timers.md"), atomically: true, encoding: .utf8)
        #expect(try directory.hold(pages) == ["gone.md", "tcp-timers.md"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
                == ["README.md", "notes-of-mine.md", "response-headers.md", "tcp-timers.md"])
    }
}
