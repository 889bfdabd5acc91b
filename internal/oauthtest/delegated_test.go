package oauthtest

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/verifier"
)

// TestDelegatedModel: a person without a key of her own logs in; the log shows who
// asked and who acted; an auditor shows it again, later and offline.
func TestDelegatedModel(t *testing.T) {
	s := open(t)

	// A login for an instruction: its ID is the nonce.
	limit := grant()
	asked := s.instruct(attest.Request{Action: "payments.transfer", Arguments: limit.Arguments, Resource: limit.Resource})
	id, access := s.login(attest.TokenNonce(asked))
	login := s.bring("", attest.IDToken, id, asked)
	instructed, a := s.act(s.payments, s.submit(s.portal, "", s.warrant(attest.HumanInstruction, asked, login)), nil)
	s.wants("a login for the instruction", a, agency.HumanInstructed, "alice")

	// An exchanged token names the agent. Its jti is what the bank's log has.
	scope := s.exchange(access, s.payments, resource)
	jti, _ := s.claims(scope)["jti"].(string)
	credential := &attest.Credential{Kind: "oauth", Commitment: attest.CredentialCommitment([32]byte{1}, "oauth", jti)}
	standing := s.submit(s.portal, "", s.warrant(attest.HumanStanding, "", s.bring("", attest.AccessToken, scope, "")))
	delegated, a := s.act(s.payments, standing, credential)
	s.wants("a token that names the agent", a, agency.HumanDelegated, "alice")
	if a.Binding != agency.B2 || a.Key != agency.K2 || jti == "" {
		t.Errorf("B%d K%d, jti %q", a.Binding, a.Key, jti)
	}

	// While the token could still be used nobody gets it, and nothing is claimed.
	keys := s.ownKeys()
	if code := s.sealed(scope); code != "object.sealed" {
		t.Errorf("a token that has not ended: %q", code)
	}
	v := s.verdict(delegated.ID, keys, verifier.Options{})
	if without := v.Subjects[0].Attribution; v.ExitCode() != 2 || !strings.HasPrefix(v.Failure(), "token.sealed") || without.Row != 2 || without.Authorizing != "" {
		t.Errorf("before the token ends: exit code %d, %s: %+v", v.ExitCode(), v.Failure(), without)
	}

	// Later, offline, with the provider's keys that the auditor fetched.
	s.offset.Add(int64(2 * time.Hour))
	if code := s.sealed(scope); code != "" {
		t.Errorf("a token that has ended: %s", code)
	}
	for id, class := range map[attest.ID]agency.Class{instructed.ID: agency.HumanInstructed, delegated.ID: agency.HumanDelegated} {
		v := s.verdict(id, keys, verifier.Options{})
		if v.ExitCode() != 0 || v.Subjects[0].Attribution.Agency != class || v.Subjects[0].Attribution.Authorizing != "alice" {
			t.Errorf("%s: exit code %d, %s", class, v.ExitCode(), v.Failure())
		}
		if v = s.verdict(id, nil, verifier.Options{}); v.ExitCode() != 2 {
			t.Errorf("%s without keys: exit code %d", class, v.ExitCode())
		}
		v = s.verdict(id, nil, verifier.Options{AcceptLedgerRoots: true})
		if v.ExitCode() != 0 || v.Subjects[0].Attribution.Agency != agency.Unattributed || len(v.OperatorTrusted) == 0 {
			t.Errorf("%s on the operator's word: exit code %d, %s", class, v.ExitCode(), v.Subjects[0].Attribution.Agency)
		}
	}

	// The token is past; the warrant is not used for more than it was.
	s.bring("token.time", attest.AccessToken, scope, "")
	s.submit(s.portal, "d11.root", s.warrant(attest.HumanStanding, "", login))
}

// TestNoMoreThanItIs: none of these makes an action a human's.
func TestNoMoreThanItIs(t *testing.T) {
	s := open(t)
	_, access := s.login(nonce() + nonce())
	bring := func(actor *workload) attest.ID {
		return s.bring("", attest.AccessToken, s.exchange(access, actor, resource), "")
	}

	// Another agent's token, and a login that is for no instruction.
	s.submit(s.portal, "d11.root", s.warrant(attest.HumanStanding, "", bring(s.buyer)))
	asked := s.instruct()
	other, _ := s.login(attest.TokenNonce(s.instruct()))
	s.bring("token.nonce", attest.IDToken, other, asked)
	s.submit(s.portal, "d11.root", s.warrant(attest.HumanInstruction, asked, s.bring("", attest.IDToken, other, "")))
	s.submit(s.portal, "d11.root", s.warrant(attest.HumanInstruction, asked))

	// A token for somebody else is not even kept.
	s.bring("token.audience", attest.AccessToken, s.exchange(access, s.payments, "https://bank.example"), "")
	s.bring("token.audience", attest.AccessToken, access, "")

	// A parent's token is no scope of its child.
	root := s.warrant(attest.HumanStanding, "", bring(s.payments))
	parent := s.submit(s.portal, "", root)
	child := *root
	child.Depth, child.Parent, child.Root, child.Nonce = 1, parent, nil, nonce()
	child.Issuer, child.Holder = attest.Party{ID: s.payments.id, Kind: attest.BySVID}, attest.Holder{SPIFFEID: s.buyer.id}
	_, a := s.act(s.buyer, s.submit(s.payments, "", &child), nil)
	s.wants("a parent's token", a, agency.Unattributed, "")

	// Beside a scheduled run it stays the schedule's.
	trigger := s.submit(s.scheduler, "", &attest.Trigger{
		Addressee: s.payments.id, At: s.ms(), Cause: attest.Schedule, Expires: s.ms() + 3_600_000, Log: origin, Nonce: nonce(),
		Recorder: s.scheduler.id, Source: "cron:nightly", V: 1,
	})
	_, a = s.act(s.payments, s.submit(s.portal, "", s.warrant(attest.OrgStanding, "", bring(s.payments), trigger)), nil)
	s.wants("a token on a cron run", a, agency.Autonomous, "")

	// An aged token ends with its time, under a warrant that goes on.
	_, a = s.act(s.payments, parent, nil)
	s.wants("a fresh token", a, agency.HumanDelegated, "alice")
	s.offset.Add(int64(6 * time.Minute))
	_, a = s.act(s.payments, parent, nil)
	s.wants("an aged token", a, agency.Unattributed, "")
}

// TestForgedKeys: an operator who logs keys of his own for the provider makes any
// token he likes, and every reader with the provider's keys finds it out.
func TestForgedKeys(t *testing.T) {
	s := open(t)
	forger := idp.P256(s.provider.issuer, "the operator")
	p := &attest.Provider{
		Accepts: []attest.Acceptance{{Audiences: []string{resource}, Type: attest.AccessToken}}, Agents: []attest.ClientAgent{},
		Algorithms: []string{"ES256"}, By: "admin", From: s.ms(), Issuer: s.provider.issuer, Log: origin, Nonce: nonce(), V: 1,
	}
	s.administer(p)
	s.logKeys(idp.JWKS(forger))
	claims := map[string]any{"iss": s.provider.issuer, "sub": subject, "aud": resource, "client_id": "x", "jti": nonce(), "iat": s.ms() / 1000, "exp": s.ms()/1000 + 60}
	maps.Copy(claims, map[string]any{"act": map[string]any{"sub": s.payments.id}})
	forged := s.bring("", attest.AccessToken, string(forger.Token(attest.AccessToken, claims)), "")
	receipt, a := s.act(s.payments, s.submit(s.portal, "", s.warrant(attest.HumanStanding, "", forged)), nil)
	s.wants("what the operator's log says", a, agency.HumanDelegated, "alice")
	s.offset.Add(int64(2 * time.Minute))
	for _, o := range []verifier.Options{{}, {AcceptLedgerRoots: true}} {
		if v := s.verdict(receipt.ID, s.ownKeys(), o); v.ExitCode() != 1 || len(v.Subjects[0].Shows) > 0 {
			t.Errorf("exit code %d: %s", v.ExitCode(), v.Failure())
		}
	}
}
