import Core
import Foundation
import Testing

@testable import Controller

@Suite("Manifest files are followed")
struct ManifestSourceTests {
    @Test("The first update is everything, in one piece")
    func initial() async throws {
        let files = try Files()
        try files.write("b.yaml", namespaces("b1", "b2"))
        try files.write("sub/deep/c.json", #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c"}}"#)
        try files.write("d.yml", namespaces("d"))
        try files.write("readme.txt", namespaces("no"))
        try files.write(".hidden.yaml", namespaces("no"))
        try files.write(".git/e.yaml", namespaces("no"))
        try await follow(files) { updates in
            let first = try await updates.next()
            #expect(first.isInitial)
            #expect(first.changed.map(\.key.name) == ["b1", "b2", "c", "d"])
            #expect(first.findings.isEmpty)
        }
    }

    @Test("Files that come, change and go are told within a second")
    func lifeCycle() async throws {
        let files = try Files()
        try await follow(files) { updates in
            #expect(try await updates.next().changed.isEmpty)
            try files.write("a.yaml", namespaces("a", "b"))
            #expect(try await updates.next().changed.map(\.key.name) == ["a", "b"])
            try files.write("a.yaml", namespaces("a", "c"))
            var update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["c"])
            #expect(update.deleted.map(\.name) == ["b"])
            try files.remove("a.yaml")
            update = try await updates.next()
            #expect(update.changed.isEmpty)
            #expect(update.deleted.map(\.name) == ["a", "c"])
        }
    }

    @Test("A changed object comes as its new version, unchanged ones do not come")
    func change() async throws {
        let files = try Files()
        try files.write("a.yaml", configMap("one", "1") + "---\n" + configMap("two", "2"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write("a.yaml", "# moved down\n" + configMap("one", "1") + "---\n" + configMap("two", "3"))
            let update = try await updates.next()
            #expect(
                update.changed == [
                    .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "two"), data: ["k": "3"]))
                ])
        }
    }

    @Test("A broken file keeps its last good objects, and says so until it is mended")
    func broken() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a", "b"))
        try files.write("z.yaml", namespaces("z"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write("a.yaml", namespaces("a") + "---\nkind: [\n")
            var update = try await updates.next()
            #expect(update.changed.isEmpty && update.deleted.isEmpty)
            #expect(update.findings.map(\.location?.file) == [files.path("a.yaml")])
            try files.write("z.yaml", namespaces("x"))
            update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["x"])
            #expect(update.findings.count == 1)
            try files.write("a.yaml", namespaces("a"))
            update = try await updates.next()
            #expect(update.deleted.map(\.name) == ["b"])
            #expect(update.findings.isEmpty)
        }
    }

    @Test("A bad object keeps its last good version, others of the file change")
    func badObject() async throws {
        let files = try Files()
        try files.write("a.yaml", configMap("one", "1") + "---\n" + configMap("two", "2"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write(
                "a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {k: 1}}\n---\n" + configMap("two", "3"))
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["two"])
            #expect(update.deleted.isEmpty)
            #expect(update.findings.map(\.object?.name) == ["one"])
        }
    }

    @Test("A file that is being written is read when it is closed")
    func halfWritten() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a"))
        try await follow(files) { updates in
            _ = try await updates.next()
            let handle = try #require(FileHandle(forWritingAtPath: files.path("a.yaml")))
            try handle.truncate(atOffset: 0)
            // Not a task's sleep, which may last longer than the patience with open files where many tests run at once.
            usleep(20_000)
            try handle.write(contentsOf: Data("apiVersion: v1\nkind: Name".utf8))
            usleep(20_000)
            try handle.write(contentsOf: Data("space\nmetadata: {name: b}\n".utf8))
            try handle.close()
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["b"])
            #expect(update.deleted.map(\.name) == ["a"])
        }
    }

    @Test("A file that stays open is read all the same")
    func neverClosed() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a"))
        try await follow(files) { updates in
            _ = try await updates.next()
            let handle = try #require(FileHandle(forWritingAtPath: files.path("a.yaml")))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(("---\n" + namespaces("b")).utf8))
            #expect(try await updates.next().changed.map(\.key.name) == ["b"])
            try handle.close()
        }
    }

    @Test("An editor's rename replaces a file; a rename alone changes nothing")
    func rename() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write(".a.yaml.swp", namespaces("b"))
            try files.rename(".a.yaml.swp", "a.yaml")
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["b"])
            #expect(update.deleted.map(\.name) == ["a"])
            try files.rename("a.yaml", "b.yaml")
            try files.write("c.yaml", namespaces("c"))
            let next = try await updates.next()
            #expect(next.changed.map(\.key.name) == ["c"])
            #expect(next.deleted.isEmpty)
        }
    }

    @Test("New directories are followed, with what came into them at once; directories go with their files")
    func directories() async throws {
        let files = try Files()
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write("x/y/a.yaml", namespaces("a"))
            #expect(try await updates.next().changed.map(\.key.name) == ["a"])
            try files.write("x/y/a.yaml", namespaces("b"))
            #expect(try await updates.next().changed.map(\.key.name) == ["b"])
            try files.rename("x", "z")
            try files.write("z/y/c.yaml", namespaces("c"))
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["c"])
            #expect(update.deleted.isEmpty)
            try files.remove("z")
            #expect(try await updates.next().deleted.map(\.name) == ["b", "c"])
        }
    }

    @Test("A mounted ConfigMap's swap of its data directory is one change")
    func configMapMount() async throws {
        let files = try Files()
        try files.write("..v1/web.yaml", namespaces("one"))
        try files.link("..data", to: "..v1")
        try files.link("web.yaml", to: "..data/web.yaml")
        try await follow(files) { updates in
            #expect(try await updates.next().changed.map(\.key.name) == ["one"])
            try files.write("..v2/web.yaml", namespaces("two"))
            try files.link("..data_tmp", to: "..v2")
            try files.rename("..data_tmp", "..data")
            try files.remove("..v1")
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["two"])
            #expect(update.deleted.map(\.name) == ["one"])
        }
    }

    @Test("A root that is a link is followed where it leads, and links out of the root too")
    func links() async throws {
        let files = try Files(root: "current")
        try files.writeOutside("v1/a.yaml", namespaces("a1"))
        try files.writeOutside("v2/a.yaml", namespaces("a2"))
        try files.writeOutside("shared/s.yaml", namespaces("s1"))
        try files.linkOutside("current", to: "v1")
        try files.linkOutside("v1/s.yaml", to: "../shared/s.yaml")
        try files.linkOutside("v2/s.yaml", to: "../shared/s.yaml")
        try files.linkOutside("v1/loop", to: ".")
        try await follow(files) { updates in
            #expect(try await updates.next().changed.map(\.key.name) == ["a1", "s1"])
            try files.writeOutside("shared/s.yaml", namespaces("s2"))
            #expect(try await updates.next().changed.map(\.key.name) == ["s2"])
            try files.linkOutside("current.new", to: "v2")
            try files.renameOutside("current.new", "current")
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["a2"])
            #expect(update.deleted.map(\.name) == ["a1"])
        }
    }

    @Test("Of an object in two files the first file's is in force, until that goes")
    func conflict() async throws {
        let files = try Files()
        try files.write("b.yaml", configMap("c", "from b"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.write("a.yaml", configMap("c", "from a"))
            var update = try await updates.next()
            #expect(update.changed.map(value) == ["from a"])
            #expect(update.findings.map(\.location?.file) == [files.path("b.yaml")])
            try files.write("c.yaml", configMap("c", "from c"))
            update = try await updates.next()
            #expect(update.changed.isEmpty)
            #expect(update.findings.count == 2)
            try files.remove("a.yaml")
            update = try await updates.next()
            #expect(update.changed.map(value) == ["from b"])
            try files.remove("c.yaml")
            #expect(try await updates.next().findings.isEmpty)
        }
    }

    @Test("A root that is missing is reported, and read when it comes")
    func missingRoot() async throws {
        let files = try Files(root: "later")
        try await follow(files) { updates in
            let first = try await updates.next()
            #expect(first.isInitial && first.changed.isEmpty)
            #expect(first.findings.map(\.message) == ["cannot be read: no such file or directory"])
            try files.writeOutside("staged/a.yaml", namespaces("a"))
            try files.renameOutside("staged", "later")
            let update = try await updates.next()
            #expect(update.changed.map(\.key.name) == ["a"])
            #expect(update.findings.isEmpty)
        }
    }

    @Test("A root that goes takes nothing with it; what it lacks when it is back is gone")
    func lostRoot() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a"))
        try files.write("b.yaml", namespaces("b"))
        try await follow(files) { updates in
            _ = try await updates.next()
            try files.renameOutside("manifests", "elsewhere")
            var update = try await updates.next()
            #expect(update.changed.isEmpty && update.deleted.isEmpty)
            #expect(update.findings.map(\.location?.file) == [files.root])
            try files.removeOutside("elsewhere/b.yaml")
            try files.renameOutside("elsewhere", "manifests")
            update = try await updates.next()
            #expect(update.deleted.map(\.name) == ["b"])
            #expect(update.changed.isEmpty && update.findings.isEmpty)
        }
    }

    @Test("Quick rewrites of the same length are never missed", arguments: 0..<5)
    func quickRewrites(round: Int) async throws {
        let files = try Files()
        try files.write("a.yaml", configMap("c", "000"))
        try await follow(files) { updates in
            _ = try await updates.next()
            for number in 1...60 {
                try files.write("a.yaml", configMap("c", String(100 + number)))
                if number % 7 == round { try await Task.sleep(for: .milliseconds(21)) }
            }
            var last = ""
            while last != "160" { last = try await updates.next().changed.compactMap(value).last ?? last }
        }
    }

    @Test("Kinds that are not read are told each time")
    func skipped() async throws {
        let files = try Files()
        try files.write("a.yaml", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}")
        try await follow(files) { updates in
            #expect(try await updates.next().skipped == ["apps/v1 Deployment web"])
            try files.write("b.yaml", namespaces("b"))
            #expect(try await updates.next().skipped == ["apps/v1 Deployment web"])
        }
    }

    @Test("Files and directories can be read once")
    func load() throws {
        let files = try Files()
        try files.write("dir/a.yaml", "# first\n" + namespaces("a"))
        try files.write("manifest", namespaces("b"))
        let loaded = ManifestSource.load(paths: [files.path("dir/"), files.path("manifest"), files.path("nowhere")])
        #expect(loaded.update.changed.map(\.key.name) == ["a", "b"])
        #expect(loaded.location(of: ObjectKey(.namespace, namespace: "", name: "a"))?.line == 2)
        #expect(loaded.update.findings.map(\.location?.file) == [files.path("nowhere")])
    }

    private func value(_ object: KubernetesObject) -> String? {
        guard case .configMap(let configMap) = object else { return nil }
        return configMap.data["k"]
    }
}
