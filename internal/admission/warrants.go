package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// warrant: D1 to D6, D8 and D9 down its chain, D11 at its root.
func (c *check) warrant(w *attest.Warrant) error {
	if len(c.verified.Envelope().Payload) > attest.MaxWarrant {
		c.deny("warrant.size")
	}
	own := warrant.Link{ID: c.verified.ID(), Warrant: w, Signer: c.verified.Signer()}
	links, err := c.ancestors(w.Parent, "parent", "d2.parent")
	if err != nil {
		return err
	}
	chain := append(links, own)
	if w.Depth == 0 || len(links) > 0 {
		_, faults := warrant.Check(chain)
		for _, f := range faults {
			c.denyFault(f)
		}
	}
	if err := c.issuing(chain); err != nil {
		return err
	}
	if w.Root != nil {
		return c.warrantRoot(own)
	}
	return nil
}

// issuing: a workload that is suspended or retired passes nothing on.
//
// Nor does one whose registration is not the one that the warrant above names,
// or it would pass the warrant on to itself without that.
func (c *check) issuing(chain []warrant.Link) error {
	issuer := chain[len(chain)-1].Warrant.Issuer
	if issuer.Kind != attest.BySVID {
		return nil
	}
	who, err := c.registration(issuer.ID)
	if err != nil {
		return err
	}
	if who.statement != nil && !who.active() {
		c.deny("agent.suspended")
	}
	if len(chain) > 1 {
		if named := chain[len(chain)-2].Warrant.Holder.Registration; named != "" && named != who.id {
			c.deny("d1.issuer")
		}
	}
	return nil
}

// warrantRoot: the issuer may issue it (D11) and its evidence is logged.
func (c *check) warrantRoot(root warrant.Link) error {
	w := root.Warrant
	logged, err := c.current(IssuerSlot(w.Issuer))
	if err != nil {
		return err
	}
	register := statementOf[*attest.Issuer](logged)
	if register != nil && !attest.In(c.at, register.From, register.Until) {
		register = nil
	}
	for _, id := range w.Root.Evidence {
		if _, err := c.logged(id, "root.evidence"); err != nil {
			return err
		}
	}
	if w.Task.Instruction != "" {
		instruction, err := c.logged(w.Task.Instruction, "task.instruction")
		if err != nil {
			return err
		}
		if statementOf[*attest.Instruction](instruction) == nil {
			c.deny("reference.kind")
		}
	}
	vouched, err := c.vouched(w)
	if err != nil {
		return err
	}
	c.denyFault(warrant.CheckRoot(root, register, vouched))
	return nil
}

// ancestors returns the chain that ends with a warrant, root first. kindFault
// is what naming something else is. A chain without a root at its end is none.
func (c *check) ancestors(id attest.ID, field, kindFault string) ([]warrant.Link, error) {
	links := make([]warrant.Link, 0, 4) // most chains are short
	for id != "" && len(links) < attest.MaxChain {
		logged, err := c.logged(id, field)
		if err != nil {
			return nil, err
		}
		w := statementOf[*attest.Warrant](logged)
		if w == nil {
			c.deny(kindFault)
			return nil, nil
		}
		if !logged.Allowed() {
			c.deny("reference.denied")
		}
		links = append(links, warrant.Link{ID: id, Warrant: w, Signer: logged.Verified.Signer()})
		id, field = w.Parent, "parent"
	}
	if id != "" {
		c.deny("d3.depth")
		return nil, nil
	}
	slices.Reverse(links)
	return links, nil
}
