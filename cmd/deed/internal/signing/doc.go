// Package signing is who signs, and with what: the key or SVID that flags name
// ([Signer], [Credential]), a passkey in two steps ([PasskeyOf], [PrintRequest]), and
// a tool of a person's own such as ssh-keygen, openssl or cosign ([OwnTool]).
//
// A credential signs no statement that names somebody else as its signer. Where the
// key is elsewhere the result is checked before an envelope of it is printed.
//
// Whoever signs uses it: the commands of people, agents, services and administrators.
package signing
