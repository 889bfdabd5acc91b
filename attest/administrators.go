package attest

import (
	"bytes"
	"slices"
	"strconv"
)

// Administrators replaces who administers the log, and how many of them it
// takes. A quorum of the administrators in force signs it, and everyone whose
// key is new endorses it (docs/spec/statements.md, "administrators").
type Administrators struct {
	Administrators []Administrator `json:"administrators"`
	By             string          `json:"by"`
	Log            string          `json:"log"`
	Nonce          string          `json:"nonce"`
	Quorum         int             `json:"quorum"`
	V              int             `json:"v"`
}

// Kind returns KindAdministrators.
func (*Administrators) Kind() Kind { return KindAdministrators }

// Head returns the common members.
func (a *Administrators) Head() Head { return Head{a.Log, a.Nonce, a.V} }

// SignedBy is the administrator.
func (a *Administrators) SignedBy() Party { return Party{ID: a.By, Kind: ByPerson} }

func (a *Administrators) validate(c *checker) {
	c.head(a.Head())
	c.person("by", a.By)
	c.administrators(a.Administrators, a.Quorum, nil)
}

// administrators: 1 to 16, ascending by name, each with a key of his own, which
// is not server's.
func (c *checker) administrators(list []Administrator, quorum int, server Key) {
	n := len(list)
	c.that(n >= 1 && n <= 16, "administrators", "1 to 16", strconv.Itoa(n))
	c.that(quorum >= 1 && quorum <= n, "quorum", "1 to the number of administrators", strconv.Itoa(quorum))
	for i, a := range list {
		c.person("administrators.name", a.Name)
		c.key("administrators.key", a.Key)
		c.that(i == 0 || list[i-1].Name < a.Name, "administrators", "ascending by name, each once", a.Name)
		sameKey := func(b Administrator) bool { return bytes.Equal(a.Key, b.Key) }
		// One key must not make a quorum, nor the register an administrator.
		own := !slices.ContainsFunc(list[:i], sameKey) && !bytes.Equal(a.Key, server)
		c.that(own, "administrators.key", "a key of one's own", a.Name)
	}
}
