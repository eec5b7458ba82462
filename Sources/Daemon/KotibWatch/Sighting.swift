// KotibWatch: inbox folders to settled sightings.

import KotibModel
import KotibPOSIX

/// What the watcher has to say about the inbox.
public enum Sighting: Hashable, Sendable {
    /// This stands there and stands still. Anything but a regular file (a link, a pipe, a folder) is told too.
    case settled(InboxPath, FileStatus)
    /// Nothing has this name any more; where it was a folder, that holds for all below it. By the time that
    /// this is handled something new may have the name: look before acting.
    case gone(InboxPath)
    /// A scan of the whole inbox is through: all that stood still then has been told and handled.
    case scanned
}
