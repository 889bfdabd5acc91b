// Package testkit keeps the walls between the packages: its test holds every
// import that is allowed, as data. The packages below it are what tests of
// several packages share; none of them is part of a program.
package testkit
