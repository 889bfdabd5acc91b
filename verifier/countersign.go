package verifier

import "github.com/deedlog/deed/attest"

// countersignatureLines put what another than the agent saw in words.
func countersignatureLines(s *attest.Countersignature) []string {
	lines := []string{roleWords[s.Role] + " " + s.By + " saw " + s.Agent + " at " + instant(s.At) + ": " + s.Status}
	if s.Of != "" {
		lines = append(lines, "of "+string(s.Of))
	}
	if s.Request != "" {
		lines = append(lines, "request "+string(s.Request))
	}
	if t := s.Target; t != nil {
		lines = append(lines, "target: "+t.Endpoint+", "+t.Protocol+", "+t.Kind)
	}
	if k := s.Credential; k != nil {
		lines = append(lines, "credential: "+k.Kind+", "+string(k.Commitment))
	}
	if s.Ref != "" {
		lines = append(lines, "own note: "+string(s.Ref))
	}
	return lines
}

// roleWords name the signers of countersignatures.
var roleWords = map[attest.Role]string{
	attest.GatewayRole: "the gateway",
	attest.ServiceRole: "the called service",
}
