// Package authority holds the commands of administrators: who administers the log,
// which people, agents, issuers, providers and accounts are registered, which policy
// is in force, which keys are compromised, and what is erased.
package authority
