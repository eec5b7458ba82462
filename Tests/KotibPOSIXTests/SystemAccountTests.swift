import KotibPOSIX
import Testing

@Suite struct SystemAccountTests {
    /// A folder is never given to a service, whatever somebody calls it.
    @Test(arguments: ["root", "daemon", "www-data", "nobody", "", "no-such-account", "a\0b", "ў"])
    func onlyPeoplesAccountsCount(_ name: String) {
        #expect(SystemAccount.person(named: Array(name.utf8)) == nil)
    }
}
