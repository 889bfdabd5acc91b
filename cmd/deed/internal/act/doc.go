// Package act holds the commands of agents and of the services around them: submit
// an action, countersign what a called service or a gateway saw of it, record what
// set an agent off, bring a token of an identity provider.
package act
