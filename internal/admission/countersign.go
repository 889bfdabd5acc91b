package admission

import "github.com/deedlog/deed/attest"

// countersignature: a registered workload says what it saw of an action that
// another one did. Whether the log allowed the action does not matter: that it
// was seen all the same is what there is to know.
func (c *check) countersignature(s *attest.Countersignature) error {
	who, err := c.registration(s.By)
	if err != nil {
		return err
	}
	if !who.active() {
		c.deny("countersignature.signer")
	}
	own := s.By == s.Agent
	if s.Of != "" {
		logged, err := c.logged(s.Of, "of")
		if err != nil {
			return err
		}
		a := statementOf[*attest.Action](logged)
		if a == nil || !a.Phase.Asks() {
			c.deny("reference.kind")
		}
		own = own || a != nil && a.Agent == s.By
	}
	if own {
		c.deny("countersignature.self")
	}
	return nil
}
