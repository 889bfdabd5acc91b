// Package workload gives the running process its own identity: the current
// X.509-SVID with its private key, the trust bundles to check others with, and
// TLS configurations made of both. It is the part of identity that touches the
// world, and the only package that links gRPC.
//
// An identity comes from one of two places:
//
//   - [Dial]: the SPIFFE Workload API (SPIFFE Workload API and SPIFFE Workload
//     Endpoint standards), as served by a SPIRE agent.
//   - [Dir]: files that something else keeps fresh, such as spiffe-helper, the
//     SPIFFE CSI driver with a helper, or the demo.
//
// SVIDs are short-lived and rotate, so a [Source] is asked each time one is
// needed, and what it gave is not kept:
//
//	source, err := workload.Dial(ctx, "") // address from SPIFFE_ENDPOINT_SOCKET
//	defer source.Close()
//	svid, err := source.SVID() // certificates and key that belong together
//
// A server that logs trust bundles follows them with [WatchBundles].
//
// # Reading order
//
// [Source], [Dial], [Dir], [WatchBundles], [ServerTLS], [ClientTLS].
//
// # Caveats
//
// A source gives what it last received. When the agent has stopped, that is an
// SVID that will expire, which whoever verifies it will say.
package workload
