package agency_test

import (
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

func ExampleAttribute() {
	a := agency.Attribute(agency.Evidence{
		Sound: true,
		Basis: attest.HumanInstruction,
		Humans: []agency.Human{{
			Person: "alice", Binding: agency.B3, Key: agency.K3,
			Before: true, Unexpired: true, Bound: true, Requests: true,
		}},
	})
	says, _ := agency.Statement(a)
	fmt.Println(a.Row, a.Agency)
	fmt.Println(says[2])
	// Output:
	// 5 human_instructed
	// A request written in the instruction contains this action, on this resource, with these arguments.
}
