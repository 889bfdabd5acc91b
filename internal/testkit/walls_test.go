package testkit_test

// This file is the list of walls; imports_test.go checks it.

// arrows lists every package of the module and which others it imports, "./"
// being the module. Nothing else may be imported, and a new package is added
// here together with its arrows. Test files are free to import what they test
// with.
var arrows = map[string][]string{
	"./attest":          {"./attest/cms", "./attest/sshsig", "./attest/webauthn"},
	"./attest/agency":   {"./attest"},
	"./attest/cms":      {},
	"./attest/sshsig":   {},
	"./attest/warrant":  {"./attest"},
	"./attest/token":    {"./attest"},
	"./attest/webauthn": {},
	"./identity":        {},
	"./ledger":          {"./internal/failpoint"},
	"./policy":          {"./attest"},
	"./internal/admission": {
		"./attest", "./attest/agency", "./attest/token", "./attest/warrant", "./identity", "./policy",
	},
	"./verifier": {
		"./attest", "./attest/agency", "./attest/cms", "./attest/token", "./attest/warrant", "./identity", "./internal/admission", "./ledger", "./policy",
	},

	"./identity/workload":  {"./identity"},
	"./internal/failpoint": {},
	"./ledger/boltstore":   {"./internal/failpoint", "./ledger"},
	"./proto/deed/v1":      {},
	"./proto/deed/v1/deedv1connect": {
		"./proto/deed/v1",
	},
	"./internal/consent":  {"./attest", "./attest/warrant", "./internal/admission", "./policy"},
	"./internal/metrics":  {"./attest"},
	"./internal/passkey":  {"./attest"},
	"./internal/request":  {"./attest"},
	"./internal/sigstore": {},
	"./internal/offline":  {"./attest", "./internal/admission", "./ledger", "./verifier"},
	"./internal/web": {
		"./attest", "./attest/warrant", "./attest/webauthn", "./internal/admission", "./internal/consent", "./internal/metrics", "./internal/passkey", "./internal/request",
	},
	"./internal/server": {
		"./attest", "./attest/token", "./identity/workload", "./internal/admission", "./internal/consent", "./internal/failpoint", "./internal/metrics", "./ledger", "./proto/deed/v1",
		"./proto/deed/v1/deedv1connect",
	},
	"./clients/agent": {
		"./attest", "./ledger", "./proto/deed/v1", "./proto/deed/v1/deedv1connect",
	},
	"./clients/auditor": {
		"./attest", "./internal/admission", "./ledger", "./proto/deed/v1", "./proto/deed/v1/deedv1connect", "./verifier",
	},

	"./internal/setup": {
		"./attest", "./attest/token", "./identity", "./identity/workload", "./internal/admission", "./internal/metrics", "./internal/offline", "./internal/server",
		"./internal/sigstore", "./internal/spiffeca", "./internal/web", "./ledger", "./ledger/boltstore", "./policy", "./verifier",
	},

	"./internal/demo": {
		"./attest", "./attest/warrant", "./clients/agent", "./clients/auditor", "./internal/consent", "./internal/setup", "./internal/spiffeca",
		"./ledger", "./ledger/boltstore", "./verifier",
	},
	"./verifier/report": {"./verifier"},

	"./cmd/deed": {
		"./cmd/deed/internal/act", "./cmd/deed/internal/audit", "./cmd/deed/internal/authority", "./cmd/deed/internal/console",
		"./cmd/deed/internal/operate", "./cmd/deed/internal/people", "./cmd/deed/internal/trust", "./cmd/deed/internal/warrant",
	},
	"./cmd/deed/internal/act": {
		"./attest", "./attest/token", "./clients/auditor", "./cmd/deed/internal/console", "./cmd/deed/internal/register",
		"./cmd/deed/internal/signing", "./cmd/deed/internal/statement", "./internal/consent",
	},
	"./cmd/deed/internal/audit": {
		"./attest", "./attest/agency", "./clients/auditor", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./internal/admission",
		"./internal/reconcile", "./ledger", "./proto/deed/v1", "./verifier", "./verifier/report",
	},
	"./cmd/deed/internal/authority": {
		"./attest", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./cmd/deed/internal/signing", "./cmd/deed/internal/statement",
		"./identity", "./internal/setup", "./internal/web", "./policy", "./proto/deed/v1",
	},
	"./cmd/deed/internal/console": {"./attest", "./internal/consent", "./internal/setup", "./ledger", "./ledger/boltstore", "./proto/deed/v1"},
	"./cmd/deed/internal/operate": {
		"./cmd/deed/internal/console", "./internal/demo", "./internal/server", "./internal/setup", "./ledger", "./ledger/boltstore",
	},
	"./cmd/deed/internal/people": {
		"./attest", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./cmd/deed/internal/signing", "./cmd/deed/internal/statement",
		"./internal/consent", "./internal/passkey", "./internal/request", "./internal/setup", "./proto/deed/v1",
	},
	"./cmd/deed/internal/register": {
		"./attest", "./attest/agency", "./clients/auditor", "./cmd/deed/internal/console", "./identity/workload", "./internal/admission",
		"./internal/consent", "./internal/setup", "./ledger", "./proto/deed/v1", "./proto/deed/v1/deedv1connect",
	},
	"./cmd/deed/internal/signing": {
		"./attest", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./internal/passkey", "./internal/setup", "./internal/sigstore",
	},
	"./cmd/deed/internal/statement": {
		"./attest", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./cmd/deed/internal/signing", "./internal/consent",
		"./internal/admission", "./internal/request", "./internal/setup", "./proto/deed/v1",
	},
	"./cmd/deed/internal/trust": {
		"./attest", "./attest/token", "./clients/auditor", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./identity",
		"./internal/admission", "./internal/setup", "./ledger", "./proto/deed/v1", "./verifier",
	},
	"./cmd/deed/internal/warrant": {
		"./attest", "./attest/warrant", "./cmd/deed/internal/console", "./cmd/deed/internal/register", "./cmd/deed/internal/signing",
		"./cmd/deed/internal/statement", "./internal/admission", "./internal/consent", "./internal/request",
	},
	"./cmd/deed-verify": {"./verifier/report"},

	"./docs":                           {},
	"./internal/e2e":                   {},
	"./internal/torture":               {},
	"./internal/torture/flood":         {},
	"./internal/torture/checker":       {}, // it shares no code with what it checks
	"./internal/torture/crashfs":       {},
	"./internal/spiffeca":              {},
	"./internal/testkit":               {},
	"./internal/testkit/authenticator": {},
	"./internal/testkit/pki":           {},
	"./internal/testkit/fakeworkload":  {"./internal/spiffeca"},
	"./internal/testkit/browser":       {},
	"./internal/testkit/idp":           {"./attest"},
	"./internal/testkit/cast":          anything,
	"./internal/testkit/register":      anything,
	"./internal/vectors":               {"./attest", "./attest/agency", "./internal/admission"},
	"./internal/vectors/mutant":        {}, // compiled into the rules by the sweep alone
	"./internal/testkit/visitor":       anything,
	"./ledger/storetest":               {"./ledger"},

	"./internal/reconcile": {"./attest"},
}

// anything is allowed to a helper of tests. No program imports one.
var anything = []string{"*"}

// owners lists who may import a dependency, or a part of the standard library
// that is kept behind a wall: all other packages may not. A path stands for all
// below it.
var owners = []wall{
	{"go.etcd.io/bbolt", []string{"./ledger/boltstore", "./internal/torture/checker"}, "a store is replaced as one package"},
	{"github.com/cedar-policy/cedar-go", []string{"./policy"}, "who decides is in one place"},
	{"github.com/sigstore", []string{"./attest/key.go"}, "it links eleven modules: one file, so that it can be replaced"},
	{"golang.org/x/crypto", []string{"./attest/cms", "./internal/testkit/pki"}, "DER is read and written in one place"},
	{"github.com/go-jose/go-jose", []string{"./attest/token"}, "which algorithms a token may have is decided in one place"},
	{"google.golang.org/grpc", []string{"./identity/workload", "./internal/testkit/fakeworkload"}, "the Workload API alone needs it"},
	{"github.com/spiffe/go-spiffe/v2/workloadapi", []string{"./identity/workload"}, "it links gRPC"},
	{"github.com/spiffe/go-spiffe/v2/spiffetls", []string{"./identity/workload"}, "it links the network"},
	{"github.com/spiffe/go-spiffe/v2/proto", []string{"./internal/testkit/fakeworkload"}, "protobuf types stay at the edges"},
	{"google.golang.org/protobuf", edges, "protobuf types stay at the edges"},
	{"connectrpc.com", edges, "the wire stays at the edges"},
	{"filippo.io/mldsa", []string{"./ledger", "./internal/torture/checker"}, "log keys are the ledger's"},
	{"github.com/transparency-dev/merkle", []string{"./ledger", "./verifier"}, "the tree is the ledger's, and an auditor computes it anew"},
	{"github.com/spf13/cobra", []string{"./cmd/deed"}, "command lines are the commands'"},
	{"github.com/hanwen/go-fuse", []string{"./internal/torture/crashfs"}, "no program mounts anything"},
	{"github.com/prometheus", []string{"./internal/metrics"}, "metrics are made and named in one place"},
	{"go.yaml.in/yaml", []string{"./internal/request", "./internal/setup"}, "it is for files that people write"},
}

var edges = []string{
	"./clients", "./cmd/deed", "./internal/demo", "./internal/server", "./internal/testkit", "./proto",
}

// pure packages have no network, clock, environment, files or randomness: what
// they compute is repeated years later, elsewhere, and must be the same.
var pure = []string{
	"./attest", "./attest/agency", "./attest/cms", "./attest/sshsig", "./attest/token", "./attest/warrant", "./attest/webauthn", "./identity", "./internal/admission", "./internal/consent",
	"./internal/passkey", "./internal/request", "./internal/sigstore", "./ledger", "./policy", "./verifier",
	"./internal/reconcile",
}

// impure is what a pure package does not import.
var impure = []string{
	"crypto/rand", "crypto/tls", "database/sql", "io/ioutil", "log", "math/rand", "net", "os", "path/filepath",
	"plugin", "syscall", "unsafe",
}

// lenient reads what is signed in more than one way.
var lenient = []string{"encoding/json", "encoding/xml"}

// clock are the functions of package time that read the clock.
var clock = []string{"Now", "Since", "Until"}

// offline is what an offline verifier does not even link.
var offline = map[string][]string{
	"./verifier":        unlinked,
	"./verifier/report": unlinked,
	"./cmd/deed-verify": unlinked,
}

var unlinked = []string{
	"connectrpc.com", "go.etcd.io/bbolt", "google.golang.org/grpc", "net/http", "github.com/spf13/cobra",
}

type wall struct {
	path string
	by   []string
	why  string
}
