// Package register talks to a register: where it is and who asks ([Connection]),
// its calls with retries and checks ([Client]), its answers read and proven
// ([Receipt]), and look-ups that several commands make, such as what is in force
// ([InForce]) and whose key it is ([Client.PersonOf]).
//
// What a register answers is checked as far as a client can: a statement by its
// signature, an object by its digest, a receipt by the log's key where one is known
// here. What does not hold ends with exit code 1, as what a check found to be false.
//
// Every command uses it that has --dir and --server. Nothing in it signs.
package register
