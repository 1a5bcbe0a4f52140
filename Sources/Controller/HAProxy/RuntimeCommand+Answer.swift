extension RuntimeCommand {
    /// Whether HAProxy's answer says that the command was done.
    ///
    /// HAProxy has no status codes: each command has its own words, or none at all, for success. Commands that only read are
    /// refused only when HAProxy does not know the command or its object.
    public func isSuccess(_ answer: String) -> Bool {
        switch verb {
        case "add map", "set map", "del map", "clear map", "commit map", "add acl", "del acl", "clear acl", "commit acl",
            "enable server", "disable server", "enable health", "disable health", "enable agent", "disable agent",
            "enable frontend", "disable frontend", "enable dynamic-cookie backend", "set dynamic-cookie-key backend",
            "shutdown sessions server",
            "set maxconn server", "set maxconn global",
            "set maxconn frontend", "set weight":
            return answer.isEmpty
        case "prepare map", "prepare acl": return answer.hasPrefix("New version created: ")
        case "set server":
            // `addr` tells what it changed; every other success is silent. From 2.9 on nothing to change is said in fewer words.
            return answer.isEmpty || answer == "nothing changed" || answer == "server ssl setting updated."
                || answer.hasSuffix("by 'stats socket command'") && !answer.hasPrefix("Invalid")
                    && (answer.contains("changed from") || answer.contains("no need to change"))
        case "add server": return answer.contains("New server registered.")
        case "del server": return answer.contains("Server deleted.")
        // One that takes no servers while HAProxy runs says so in brackets.
        case "add backend": return answer.contains("New backend registered.")
        case "del backend": return answer.contains("Backend deleted.")
        case "publish backend": return answer.contains("Backend published.")
        case "unpublish backend": return answer.contains("Backend unpublished.")
        case "new ssl cert": return answer.hasPrefix("New empty certificate store")
        case "new ssl ca-file": return answer.hasPrefix("New CA file created")
        case "set ssl cert", "set ssl ca-file", "set ssl crl-file":
            let words = answer.lowercased()
            return words.contains("transaction created") || words.contains("transaction updated")
        case "commit ssl cert", "commit ssl ca-file", "commit ssl crl-file", "add ssl crt-list":
            return answer.split(separator: "\n").last == "Success!"
        case "abort ssl cert", "abort ssl ca-file":
            return answer.contains("Transaction aborted") || answer.contains("aborted for")
        case "del ssl cert", "del ssl ca-file": return answer.hasSuffix("deleted!") && !answer.hasPrefix("Can't")
        case "del ssl crt-list": return answer.contains("deleted in crtlist")
        default:
            let refusals = [
                "Unknown command", "Permission denied", "Unknown map", "Unknown ACL", "didn't find", "Can't find",
                "Can't display",
            ]
            return !refusals.contains { answer.hasPrefix($0) }
        }
    }
}
