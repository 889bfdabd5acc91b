package oauthtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect"
	"github.com/go-jose/go-jose/v4"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
	"github.com/deedlog/deed/verifier"
)

const (
	origin   = "log.acme.example/1"
	domain   = "acme.example"
	resource = "https://deed.acme.example" // this log, as a resource of the provider
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the provider tells of every request
	os.Exit(m.Run())
}

// stage is a provider, a register and who acts.
type stage struct {
	*testing.T
	provider *provider
	register *setup.Instance
	offset   atomic.Int64 // of the register's clock
	url      string
	admin    crypto.Signer
	auditor  *auditor.Client
	trust    map[string][]byte // of a reader who has nothing of the provider

	portal, payments, buyer, scheduler *workload
}

// workload is a service or agent with its SVID.
type workload struct {
	id     string
	svid   *x509svid.SVID
	client *agent.Client
}

// SVID implements agent.Source.
func (w *workload) SVID() (*x509svid.SVID, error) { return w.svid, nil }

func (s *stage) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// open starts the provider and the register, which fetches the provider's keys
// from where its configuration says.
func open(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, provider: newProvider()}
	t.Cleanup(s.provider.Close)
	dir := filepath.Join(t.TempDir(), "acme")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: origin, TrustDomain: domain, Dev: true, Now: s.now, Listen: "127.0.0.1:0"})
	s.check(err)
	s.register = i
	i.Config.Providers = map[string]setup.KeySource{s.provider.issuer: {JWKSURL: s.provider.issuer + "/keys"}}
	ln, err := i.Listen()
	s.check(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Serve(ctx, ln) }()
	t.Cleanup(func() { stop(); <-ended; _ = i.Close() })
	s.url = "http://" + ln.Addr().String()
	s.auditor = auditor.New(http.DefaultClient, s.url)
	s.admin, err = setup.ReadKey(filepath.Join(dir, setup.AdminKeyFile))
	s.check(err)
	i.Rehash(t.Context()) // what it does every 5 minutes
	s.enter()
	s.trust, err = s.auditor.Trust(t.Context())
	s.check(err)
	for name := range s.trust {
		if strings.HasPrefix(name, "oidc/") {
			delete(s.trust, name)
		}
	}
	return s
}

// enter registers the provider, the account of Alice, and who may do what.
func (s *stage) enter() {
	s.Helper()
	ca, err := s.register.CA()
	s.check(err)
	for _, w := range []struct {
		to   **workload
		path string
	}{{&s.portal, "/service/portal"}, {&s.scheduler, "/service/scheduler"}, {&s.payments, "/agent/payments"}, {&s.buyer, "/agent/buyer"}} {
		id := "spiffe://" + domain + w.path
		svid, err := ca.Issue(id)
		s.check(err)
		*w.to = &workload{id: id, svid: svid}
		(*w.to).client, err = agent.New(s.Context(), s.url, *w.to, agent.Options{LogKey: s.register.VKey(), Now: s.now})
		s.check(err)
		s.provider.store.agents[id] = svid.PrivateKey.Public()
	}
	s.administer(&attest.Provider{
		Accepts: []attest.Acceptance{
			{Audiences: []string{resource}, Plain: true, Type: attest.AccessToken}, {Audiences: []string{loginClient}, Type: attest.IDToken},
		},
		Agents: []attest.ClientAgent{}, Algorithms: []string{"RS256"}, By: "admin", From: s.ms(), Issuer: s.provider.issuer, Log: origin, Nonce: nonce(), V: 1,
	})
	s.administer(&attest.Account{By: "admin", From: s.ms(), Issuer: s.provider.issuer, Log: origin, Name: "alice", Nonce: nonce(), Subject: subject, V: 1})
	for _, path := range []string{"/agent", "/service"} {
		s.administer(&attest.Agent{
			Agent: "spiffe://" + domain + path, By: "admin", Log: origin, Nonce: nonce(), Owner: "alice", Prefix: true,
			Purpose: "pays invoices", Recorder: path == "/service", Status: "registered", V: 1,
		})
	}
	s.administer(&attest.Issuer{
		Accountable: "alice", Bases: []attest.Basis{attest.EventTrigger, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding}, By: "admin",
		From: s.ms(), Grants: []attest.Grant{grant()}, Issuer: attest.Party{ID: s.portal.id, Kind: attest.BySVID}, Log: origin, Nonce: nonce(), V: 1,
	})
}

func (s *stage) ms() int64 { return s.now().UnixMilli() }

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func grant() attest.Grant {
	return attest.Grant{
		Actions:   []string{"payments.transfer"},
		Arguments: []attest.Argument{{Name: "amount", Constraint: attest.Constraint{DecimalMax: &attest.Amount{Decimal: "500.00", Unit: "EUR"}}}},
		Resource:  attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE"}},
	}
}

// administer submits a statement of the administrator.
func (s *stage) administer(st attest.Statement) {
	s.Helper()
	payload, err := attest.Payload(st)
	s.check(err)
	public, err := attest.KeyOf(s.admin.Public())
	s.check(err)
	e, err := attest.Seal(payload, s.admin, public.Digest())
	s.check(err)
	r, err := s.register.Server.SubmitEnvelope(s.Context(), e)
	s.check(err)
	if r.Fault != nil {
		s.Fatal(r.Fault)
	}
}

// submit sends a workload's statement; code is the fault that is expected, or "".
func (s *stage) submit(w *workload, code string, st attest.Statement, objects ...[]byte) attest.ID {
	s.Helper()
	r, err := w.client.Submit(s.Context(), st, objects...)
	if got := codeOf(err); got != code {
		s.Fatalf("%s: got %q (%v), want %q", st.Kind(), got, err, code)
	}
	return r.ID
}

// codeOf is the fault inside an error, refused or denied.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if f := attest.AsFault(err); f != nil {
		return f.Code
	}
	return err.Error()
}

// browser logs Alice in, as a browser does, and exchanges the code: the nonce is
// what the ID token is to be about. It returns the ID token and the access token.
func (s *stage) login(nonce string) (id, access string) {
	s.Helper()
	verifier := hex.EncodeToString([]byte(nonce)[:32])
	challenge := sha256.Sum256([]byte(verifier))
	const back = "http://localhost/auth/callback"
	client := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			return http.ErrUseLastResponse // where the command would listen
		}
		return nil
	}}
	page, err := client.Get(s.provider.issuer + "/auth?" + url.Values{
		"client_id": {loginClient}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid"}, "nonce": {nonce}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	s.check(err)
	defer page.Body.Close()
	done, err := client.PostForm(s.provider.issuer+"/login/username", url.Values{
		"id": {page.Request.URL.Query().Get("authRequestID")}, "username": {"test-user@127.0.0.1"}, "password": {password},
	})
	s.check(err)
	defer done.Body.Close()
	at, err := done.Location()
	if err != nil {
		text, _ := io.ReadAll(done.Body)
		s.Fatalf("login: %s\n%s", done.Status, text)
	}
	answer := s.token(url.Values{
		"grant_type": {"authorization_code"}, "code": {at.Query().Get("code")}, "redirect_uri": {back}, "client_id": {loginClient}, "code_verifier": {verifier},
	}, false)
	return answer.ID, answer.Access
}

// exchange gives a person's token for one that names an agent (RFC 8693).
func (s *stage) exchange(access string, actor *workload, audience string) string {
	s.Helper()
	return s.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {access},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"actor_token": {s.jwtSVID(actor)}, "actor_token_type": {"urn:ietf:params:oauth:token-type:jwt"}, "audience": {audience}, "scope": {"openid"},
	}, true).Access
}

type answer struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

func (s *stage) token(form url.Values, portal bool) (out answer) {
	s.Helper()
	req, err := http.NewRequest(http.MethodPost, s.provider.issuer+"/oauth/token", strings.NewReader(form.Encode()))
	s.check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if portal {
		req.SetBasicAuth(portalClient, portalSecret)
	}
	r, err := http.DefaultClient.Do(req)
	s.check(err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	s.check(err)
	if r.StatusCode != http.StatusOK {
		s.Fatalf("token endpoint: %s: %s", r.Status, text)
	}
	s.check(json.Unmarshal(text, &out))
	return out
}

// jwtSVID is what an agent shows the provider to prove who it is.
func (s *stage) jwtSVID(w *workload) string {
	s.Helper()
	key := w.svid.PrivateKey.(*ecdsa.PrivateKey)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	s.check(err)
	body, err := json.Marshal(map[string]any{"sub": w.id, "aud": []string{s.provider.issuer}, "exp": time.Now().Add(time.Minute).Unix()})
	s.check(err)
	sig, err := signer.Sign(body)
	s.check(err)
	raw, err := sig.CompactSerialize()
	s.check(err)
	return raw
}

// claims reads a token without asking who signed it.
func (s *stage) claims(raw string) map[string]any {
	s.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		s.Fatalf("no JWT: %q", raw)
	}
	doc, err := base64.RawURLEncoding.DecodeString(parts[1])
	s.check(err)
	out := map[string]any{}
	s.check(json.Unmarshal(doc, &out))
	return out
}

// bring submits a token by the portal.
func (s *stage) bring(code string, t attest.TokenType, raw string, instruction attest.ID) attest.ID {
	s.Helper()
	exp, _ := s.claims(raw)["exp"].(float64)
	return s.submit(s.portal, code, &attest.Token{
		At: s.ms(), Expires: int64(exp) * 1000, Instruction: instruction, Issuer: s.provider.issuer, Log: origin, Nonce: nonce(),
		Object: attest.DigestOf([]byte(raw)), Recorder: s.portal.id, Type: t, V: 1,
	}, []byte(raw))
}

// instruct records what Alice asked for, by the portal.
func (s *stage) instruct(requests ...attest.Request) attest.ID {
	s.Helper()
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	return s.submit(s.portal, "", &attest.Instruction{
		Addressee: s.payments.id, At: s.ms(), Expires: s.ms() + 3_600_000, Log: origin, Nonce: nonce(), Person: "alice", RecordedBy: s.portal.id,
		Commitment: attest.Commitment{Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", "pay invoice 4711"}}))}, Requests: requests, V: 1,
	})
}

// warrant is a root warrant of the portal for the payments agent.
func (s *stage) warrant(basis attest.Basis, instruction attest.ID, evidence ...attest.ID) *attest.Warrant {
	if instruction != "" {
		evidence = append(evidence, instruction)
	}
	return &attest.Warrant{
		Expires: s.ms() + 3_600_000, Grants: []attest.Grant{grant()}, Holder: attest.Holder{SPIFFEID: s.payments.id},
		Issuer: attest.Party{ID: s.portal.id, Kind: attest.BySVID}, Log: origin, MaxDepth: 2, Nonce: nonce(), NotBefore: s.ms(),
		Root: &attest.WarrantRoot{Accountable: "alice", Basis: basis, Evidence: slices.Sorted(slices.Values(evidence))},
		Task: attest.Task{ID: nonce(), Instruction: instruction, Purpose: "pay invoice"}, V: 1,
	}
}

// act is a payment under a warrant, and what the log finds of it.
func (s *stage) act(w *workload, warrant attest.ID, credential *attest.Credential) (agent.Receipt, *agency.Attribution) {
	s.Helper()
	session, err := w.client.Session()
	s.check(err)
	receipt, err := session.Record(s.Context(), agent.Act{
		Action: "payments.transfer", Resource: attest.Resource{ID: "iban/DE/1", Kind: "bank_account"}, Warrant: warrant,
		Arguments: map[string]attest.Value{"amount": attest.Money("240.00", "EUR")}, Credential: credential,
	}, agent.Result{Status: "done"})
	s.check(err)
	record, err := admission.ParseRecord(receipt.Record)
	s.check(err)
	return receipt, record.Attribution
}

// wants checks a finding.
func (s *stage) wants(what string, a *agency.Attribution, class agency.Class, authorizing string) {
	s.Helper()
	if a.Agency != class || a.Authorizing != authorizing {
		s.Errorf("%s: %s by %q, want %s by %q: %+v", what, a.Agency, a.Authorizing, class, authorizing, a)
	}
}

// verdict is what an auditor makes of an entry, offline, with own keys of the
// provider or without.
func (s *stage) verdict(id attest.ID, keys []byte, o verifier.Options) *verifier.Verdict {
	s.Helper()
	bundle, err := s.auditor.Export(s.Context(), string(id))
	s.check(err)
	dir := fstest.MapFS{}
	for name, doc := range s.trust {
		dir[name] = &fstest.MapFile{Data: doc}
	}
	if keys != nil {
		dir["oidc/acme/issuer"] = &fstest.MapFile{Data: []byte(s.provider.issuer + "\n")}
		dir["oidc/acme/1.json"] = &fstest.MapFile{Data: keys}
	}
	trust, err := verifier.LoadTrust(dir)
	s.check(err)
	return verifier.Verify(bundle, trust, o)
}

// ownKeys are the provider's keys, as an auditor fetches them.
func (s *stage) ownKeys() []byte {
	s.Helper()
	r, err := http.Get(s.provider.issuer + "/keys")
	s.check(err)
	defer r.Body.Close()
	doc, err := io.ReadAll(r.Body)
	s.check(err)
	return doc
}

// sealed reports the fault of asking for an object, or "".
func (s *stage) sealed(raw string) string {
	c := deedv1connect.NewEvidenceServiceClient(http.DefaultClient, s.url)
	_, err := c.GetObject(s.Context(), &deedv1.GetObjectRequest{Digest: string(attest.DigestOf([]byte(raw)))})
	if err == nil {
		return ""
	}
	var e *connect.Error
	e, _ = err.(*connect.Error)
	if e == nil || !strings.Contains(e.Message(), "object.sealed") {
		return err.Error()
	}
	return "object.sealed"
}

// logKeys has the operator log keys of the operator's own as the provider's.
func (s *stage) logKeys(doc []byte) {
	s.Helper()
	_, err := s.register.Server.LogKeys(s.Context(), server.ProviderKeys{Issuer: s.provider.issuer, Source: "the operator", Document: doc})
	s.check(err)
}
