package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// errFound ends a search that has what it looked for.
var errFound = errors.New("found")

// PersonOf finds the person whose registered key this is.
func (c *Client) PersonOf(ctx context.Context, key attest.Key) (string, error) {
	if name, err := c.administratorOf(ctx, key); name != "" || err != nil {
		return name, err
	}
	name := ""
	query := &deedv1.SearchRequest{Kind: string(attest.KindPerson), Decision: "allow", Limit: 1000}
	err := c.Each(ctx, query, func(r *deedv1.SearchResult) error {
		l, _, err := c.Logged(ctx, r.GetId())
		if err != nil {
			return err
		}
		if p, ok := l.Verified.Statement().(*attest.Person); ok && bytes.Equal(p.Key, key) {
			name = p.Name
			return errFound
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return "", fmt.Errorf("looking up whose key this is: %w", err)
	}
	if name != "" {
		return name, nil
	}
	return "", console.Hint(errors.New("the key is of nobody that the register knows"), "register the person with 'deed person add', or give --as NAME")
}

func (c *Client) administratorOf(ctx context.Context, key attest.Key) (string, error) {
	_, list, err := c.Administrators(ctx)
	for _, a := range list {
		if bytes.Equal(a.Key, key) {
			return a.Name, nil
		}
	}
	return "", err
}

// Administrators is who administers the log as --json prints it.
type Administrators struct {
	Index          uint64                 `json:"index"`
	Quorum         int                    `json:"quorum"`
	Administrators []attest.Administrator `json:"administrators"`
}

// Administrators gets who administers the log, from the newest set or the genesis.
func (c *Client) Administrators(ctx context.Context) (at Administrators, list []attest.Administrator, err error) {
	found, err := c.Search(ctx, &deedv1.SearchRequest{Kind: string(attest.KindAdministrators), Decision: "allow", Limit: 1})
	if err != nil {
		return at, nil, fmt.Errorf("looking up the administrators: %w", err)
	}
	ref := "0"
	for _, r := range found.GetResults() { // at most one, the newest
		ref = r.GetId()
	}
	l, _, err := c.Logged(ctx, ref)
	if err != nil {
		return at, nil, fmt.Errorf("looking up the administrators: %w", err)
	}
	switch s := l.Verified.Statement().(type) {
	case *attest.Genesis:
		at = Administrators{l.Index, s.Quorum, s.Administrators}
	case *attest.Administrators:
		at = Administrators{l.Index, s.Quorum, s.Administrators}
	default:
		return at, nil, console.False("entry %d is neither a genesis nor a set of administrators", l.Index)
	}
	return at, at.Administrators, nil
}

// Person finds the registration in force of a person.
func (c *Client) Person(ctx context.Context, name string) (*attest.Person, error) {
	people, err := InForce(ctx, c, attest.KindPerson, func(p *attest.Person) string { return p.Name })
	if err != nil {
		return nil, err
	}
	for _, l := range people {
		if l.Statement.Name == name {
			return l.Statement, nil
		}
	}
	return nil, console.Hint(fmt.Errorf("%s is not registered", name), "register the person with 'deed person add'")
}

// Issuer finds the registration in force of an issuer, or nil.
func (c *Client) Issuer(ctx context.Context, p attest.Party) (*attest.Issuer, error) {
	list, err := InForce(ctx, c, attest.KindIssuer, func(i *attest.Issuer) string { return i.Issuer.Name() })
	if err != nil {
		return nil, fmt.Errorf("looking up the issuer: %w", err)
	}
	for _, l := range list {
		if l.Statement.Issuer == p {
			return l.Statement, nil
		}
	}
	return nil, nil
}
