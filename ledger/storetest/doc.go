// Package storetest holds what every ledger.Store is tested with: [Run] is the
// conformance suite, [RunFaults] breaks a log at each step of an append, in the
// form "failed and not persisted" and in the form "failed, but persisted", and
// looks at what must never happen. [Memory] and [MemoryHead] are stores for
// tests of other packages.
package storetest
