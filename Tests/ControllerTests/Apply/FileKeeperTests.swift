import Foundation
import TestSupport
import Testing

@testable import Controller
@testable import Core

@Suite("Files of a running HAProxy with settings in backends")
struct FileKeeperTests {
    private static let line = "http-request set-header X-Tone "

    /// Routes to a few backends, some with a tone.
    private struct World {
        var routes: [String: (backend: String, tone: String?)] = [:]
        var others: Set<String> = []

        static func settings(_ tone: String) -> String { "5e77\(tone)" }

        var state: DesiredState {
            var state = DesiredState()
            state.staticSections = [Section("global"), Section("frontend http")]
            state.maps = ["path-prefix": MapFile(name: "path-prefix"), "tone": MapFile(name: "tone")]
            for (host, route) in routes {
                state.backends[route.backend] = Section("backend \(route.backend)", lines: [.init("balance roundrobin")])
                let settings = route.tone.map(Self.settings)
                state.maps["path-prefix"]?.entries["\(host)/"] = route.backend + (settings.map { ".\($0)" } ?? "")
                if let tone = route.tone { state.maps["tone"]?.entries[Self.settings(tone)] = tone }
            }
            for name in others { state.backends[name] = Section("backend \(name)") }
            state.rules = InlinedSettings([
                OwnedRules(
                    family: "tone",
                    rules: FrontendRules(
                        id: "tone", phase: .headers, ["http-request set-var(txn.tone) \(routeValue: "tone")"],
                        inlined: { values in values["tone"].map { ["\(raw: FileKeeperTests.line)\($0)"] } ?? [] }))
            ])
            return state
        }
    }

    /// What a HAProxy that is started with the files does.
    private func tones(_ directory: TemporaryDirectory) throws -> [String: String?] {
        func lines(_ path: String) throws -> [String] {
            let data = try Data(contentsOf: directory.url.appendingPathComponent(path))
            return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        func entries(_ path: String) throws -> [String: String] {
            Dictionary(
                uniqueKeysWithValues: try lines(path).map { $0.split(separator: " ").map(String.init) }.map { ($0[0], $0[1]) })
        }
        var (written, backend): ([String: String], String?) = ([:], nil)
        for line in try lines("haproxy.cfg") {
            if !line.hasPrefix(" ") { backend = line.hasPrefix("backend ") ? String(line.dropFirst(8)) : nil }
            if let backend, line.hasPrefix("  \(Self.line)") { written[backend] = String(line.dropFirst(2 + Self.line.count)) }
        }
        let values = try entries("maps/tone.map")
        return try entries("maps/path-prefix.map").mapValues { target in
            let parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            return parts.count > 1 ? values[parts[1]] : written[parts[0]]
        }
    }

    @Test("a load that failed leaves nothing of what it would have had in backends")
    func failedLoad() throws {
        let temporary = try TemporaryDirectory("files")
        defer { temporary.remove() }
        let directory = ConfigurationDirectory(path: temporary.url.path)
        try directory.prepare()
        var keeper = FileKeeper(directory: directory)
        func state(_ tone: String) -> DesiredState { World(routes: ["h": ("b", tone)]).state }
        func load(_ tone: String) throws -> DesiredState {
            var target = state(tone)
            let rendered = target.renderedFiles(inlining: .max)
            try keeper.write(target, rendered: rendered)
            return target
        }
        _ = try load("t1")
        keeper.confirm()
        var failed = try load("t2")
        try keeper.restore()
        try keeper.flush(failed)
        #expect(try tones(temporary) == ["h/": "t2"])
        var parts = ChangedParts()
        parts.maps = ["path-prefix": ["h/"], "tone": [World.settings("t1"), World.settings("t2")]]
        let inlined = failed.inlined
        failed = state("t1")
        failed.inlined = inlined
        keeper.note(parts)
        try keeper.flush(failed)
        #expect(try tones(temporary) == ["h/": "t1"])
    }

    @Test("whatever changes since a load, they give each route its settings (FILE_KEEPER_SEED repeats a run)")
    func randomChanges() throws {
        var random = SeededGenerator(variable: "FILE_KEEPER_SEED")
        print("FILE_KEEPER_SEED=\(random.seed)")
        let temporary = try TemporaryDirectory("files")
        defer { temporary.remove() }
        let directory = ConfigurationDirectory(path: temporary.url.path)
        try directory.prepare()
        var keeper = FileKeeper(directory: directory)
        var world = World()
        var target = DesiredState()
        var (fromBackends, fromMaps) = (0, 0)
        for step in 0..<600 {
            let before = world.state
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let host = "h\(Int.random(in: 0..<6, using: &random))"
                let tone = random.chance(80) ? "t\(Int.random(in: 0..<3, using: &random))" : nil
                switch Int.random(in: 0..<8, using: &random) {
                case 0: world.routes[host] = nil
                case 1: world.others.formSymmetricDifference(["o\(Int.random(in: 0..<3, using: &random))"])
                default: world.routes[host] = ("b\(Int.random(in: 0..<3, using: &random))", tone)
                }
            }
            let (inlined, reserve) = (target.inlined, target.reserve)
            target = world.state
            (target.inlined, target.reserve) = (inlined, reserve)
            if step % 20 == 0 {
                // A load, of which one in four fails.
                let kept = target.inlined
                let rendered = target.renderedFiles(inlining: .max)
                try keeper.write(target, rendered: rendered)
                if step > 0, random.chance(25) {
                    try keeper.restore()
                    if random.chance(50) { target.inlined = kept }
                } else {
                    keeper.confirm()
                }
            }
            var parts = ChangedParts()
            for (name, map) in target.maps {
                let old = before.maps[name]?.entries ?? [:]
                let keys = Set(map.entries.keys).union(old.keys).filter { old[$0] != map.entries[$0] }
                if !keys.isEmpty { parts.maps[name] = keys }
            }
            let names = Set(target.backends.keys).union(before.backends.keys)
            parts.headers = Set(names.filter { target.backends[$0] != before.backends[$0] }.map { "backend \($0)" })
            if random.chance(3) { parts = .everything }
            keeper.note(parts)
            if random.chance(30) { continue }
            try keeper.flush(target)

            let wanted = Dictionary(uniqueKeysWithValues: world.routes.map { ("\($0)/", $1.tone) })
            let tones = try tones(temporary)
            #expect(tones == wanted, "FILE_KEEPER_SEED=\(random.seed) step \(step)")
            // A HAProxy that is started again is taken for what it reads.
            let names2 = RunningState(loaded: try #require(keeper.written)).names
            let known = names2.entries(target.maps["path-prefix"]?.entries ?? [:], in: "path-prefix")
            let file = try String(contentsOf: temporary.url.appendingPathComponent("maps/path-prefix.map"), encoding: .utf8)
            #expect(MapFile(name: "path-prefix", entries: known).text == file, "FILE_KEEPER_SEED=\(random.seed) step \(step)")
            for (host, route) in world.routes where route.tone != nil {
                if known["\(host)/"]?.contains(".") == true { fromMaps += 1 } else { fromBackends += 1 }
            }
        }
        #expect(fromBackends > 100 && fromMaps > 100)
    }
}
