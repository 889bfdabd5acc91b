// Package people holds the commands of people who answer for agents: make a key,
// instruct, approve or refuse, and sign any statement with a key, a passkey or a tool
// of their own.
package people
