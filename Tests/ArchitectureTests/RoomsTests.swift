import Testing

@Suite struct RoomsTests {
    @Test func `Types that are declared further down are found, with the place that names them`() {
        let rooms = Rooms(target: "House", folders: ["Cellar", "Hall", "Attic"])
        let sources = [
            "Cellar/Wine.swift": "struct Wine {\n    let guest: Guest?\n    var name: String { guest.Attic }\n}",
            "Hall/Guest.swift": "/// Knows ``Roof``.\nstruct Guest {\n    enum Roof {}\n    let wine: Wine, text = \"Beam\"\n}",
            "Attic/Beam.swift": "extension Wine { var guest: Guest? { nil } }\nprivate struct Guest {}\nenum Beam {}",
            "Garden/Tree.swift": "struct Tree { let wine: Wine }",
        ]
        #expect(
            rooms.violations(in: sources).map(\.description) == [
                "Cellar/Wine.swift:2: Guest is of Hall", "Garden/Tree.swift:1: Wine is of Cellar",
            ])
    }

    @Test(arguments: [Rooms.core]) func `No folder knows a type of one that comes after it`(rooms: Rooms) throws {
        let sources = try rooms.sources()
        #expect(Set(sources.keys.map(Rooms.room)) == Set(rooms.folders))
        let violations = rooms.violations(in: sources)
        #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
    }
}
