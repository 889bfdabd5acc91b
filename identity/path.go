package identity

import (
	"crypto/x509"
	"errors"
	"time"
)

// interval is the time, both ends included, in which a whole path is valid.
type interval struct{ from, to time.Time }

func (v interval) contains(at time.Time) bool { return !at.Before(v.from) && !at.After(v.to) }

// intersect gives the time in which all certificates are valid; it may be
// empty, with to before from.
func intersect(certs ...*x509.Certificate) interval {
	v := interval{certs[0].NotBefore, certs[0].NotAfter}
	for _, cert := range certs[1:] {
		if cert.NotBefore.After(v.from) {
			v.from = cert.NotBefore
		}
		if cert.NotAfter.Before(v.to) {
			v.to = cert.NotAfter
		}
	}
	return v
}

// choose picks the path that is valid at the time and lasts longest. When none
// is valid, it says so of the path that lasts longest.
func choose(paths []interval, at time.Time) (interval, *Error) {
	var best, last interval
	found := false
	for _, v := range paths {
		if v.contains(at) && (!found || outlasts(v, best)) {
			best, found = v, true
		}
		if last.to.IsZero() || outlasts(v, last) {
			last = v
		}
	}
	if found {
		return best, nil
	}
	return interval{}, timeError(last, at)
}

func outlasts(a, b interval) bool {
	return a.to.After(b.to) || (a.to.Equal(b.to) && a.from.Before(b.from))
}

func timeError(v interval, at time.Time) *Error {
	e := &Error{Check: CheckExpired, Field: "at", Expected: "at most " + stamp(v.to), Found: stamp(at)}
	if at.Before(v.from) {
		e.Check, e.Expected = CheckNotYetValid, "at least "+stamp(v.from)
	}
	return e
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// findPath asks crypto/x509 whether the whole chain, in its order, leads to
// this authority, at a time at which all the certificates are valid.
func findPath(c *Chain, r root) (interval, *Error) {
	valid := intersect(append([]*x509.Certificate{r.cert}, c.certs...)...)
	// The zero time would make crypto/x509 read the clock.
	if valid.to.Before(valid.from) || valid.to.IsZero() {
		return interval{}, chainError(0, "a time at which the whole path is valid", "none")
	}
	paths, err := c.certs[0].Verify(x509.VerifyOptions{
		Roots:         r.pool,
		Intermediates: c.parents,
		CurrentTime:   valid.to,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return interval{}, chainError(0, "a valid path to an authority", pathFault(err))
	}
	for _, path := range paths {
		if inOrder(path, c.certs) {
			return valid, nil
		}
	}
	return interval{}, chainError(0, "each certificate issued by the next", "certificates out of order or left over")
}

// inOrder reports whether the path is exactly the chain and then one root.
func inOrder(path, certs []*x509.Certificate) bool {
	if len(path) != len(certs)+1 {
		return false
	}
	for i, cert := range certs {
		if !path[i].Equal(cert) {
			return false
		}
	}
	return true
}

// pathFault puts errors of crypto/x509 into words that stay the same from one
// version of Go to the next.
func pathFault(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "a signature or issuer that does not match"
	}
	if _, ok := errors.AsType[x509.UnhandledCriticalExtension](err); ok {
		return "an unknown critical extension"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalidFault(invalid.Reason)
	}
	return "a path that breaks RFC 5280"
}

func invalidFault(reason x509.InvalidReason) string {
	switch reason {
	case x509.NotAuthorizedToSign:
		return "an issuer that is not a CA"
	case x509.TooManyIntermediates:
		return "more intermediates than a path length allows"
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.TooManyConstraints:
		return "a name that the name constraints do not permit"
	}
	return "a path that breaks RFC 5280"
}
