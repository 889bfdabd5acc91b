// Package warrant holds deed warrant, for whoever gives authority on: people and
// services issue warrants, agents delegate them, and anybody has one explained and
// checked. The rules are those of attest/warrant.
package warrant
