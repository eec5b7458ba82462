// KotibWatch: finds the files in the inbox that have come to rest.

import KotibModel
import KotibPOSIX

/// A report of the watcher about the inbox.
public enum InboxEvent: Hashable, Sendable {
    /// A file has come to rest. Anything but a regular file (a link, a pipe, a folder) is reported too.
    case stable(InboxPath, FileStatus)
    /// A name is gone; if it was a folder, so are all names below it. By the time that this is handled
    /// something new may have the name: examine it before acting.
    case removed(InboxPath)
    /// A scan of the whole inbox has ended: all files that had come to rest by then have been handled.
    case scanFinished
}
