//go:build torture

package flood

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// body is what nobody should send.
type body struct {
	name, path, kind, encoding string
	make                       func() io.Reader
}

const (
	submit = "/deed.v1.AttestationService/Submit"
	batch  = "/deed.v1.AttestationService/SubmitBatch"
	search = "/deed.v1.EvidenceService/Search"
)

func text(s string) func() io.Reader   { return func() io.Reader { return strings.NewReader(s) } }
func octets(b []byte) func() io.Reader { return func() io.Reader { return bytes.NewReader(b) } }

// zeros is a body of a size, which is not in memory.
func zeros(n int64) func() io.Reader {
	return func() io.Reader { return io.LimitReader(endless{}, n) }
}

type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// bomb is n zero bytes, compressed.
func bomb(n int64) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.CopyN(z, endless{}, n) // into memory
	_ = z.Close()
	return b.Bytes()
}

// fields is a message with as many fields of a number as fit, each with a value.
func fields(number uint64, value []byte, most int) []byte {
	one := binary.AppendUvarint(nil, number<<3|2)
	one = append(binary.AppendUvarint(one, uint64(len(value))), value...)
	return bytes.Repeat(one, most/len(one))
}

// nested is a message in a message in a message.
func nested(number uint64, depth int) []byte {
	var inner []byte
	for range depth {
		outer := binary.AppendUvarint(nil, number<<3|2)
		outer = binary.AppendUvarint(outer, uint64(len(inner)))
		inner = append(outer, inner...)
	}
	return inner
}

func (o *office) bodies() []body {
	const mib = 1 << 20
	pb, js := "application/proto", "application/json"
	most := mib - 16
	chain := o.message(o.act(nonce()))
	chain.Objects = [][]byte{make([]byte, 10*mib)}
	return []body{
		{"nothing", submit, pb, "", octets(nil)},
		{"noise", submit, pb, "", octets(noise(most))},
		{"10 MiB", submit, pb, "", zeros(10 * mib)},
		{"4 GiB", submit, pb, "", zeros(4 << 30)},
		{"4 GiB of JSON", submit, js, "", zeros(4 << 30)},
		{"gzip bomb of 64 MiB", submit, pb, "gzip", octets(bomb(64 * mib))},
		{"gzip bomb of 1 GiB", batch, pb, "gzip", octets(bomb(1 << 30))},
		{"gzip bomb of 1 GiB as JSON", search, js, "gzip", octets(bomb(1 << 30))},
		{"gzip bomb in gRPC", submit, "application/grpc", "", octets(grpc(1, bomb(64*mib)))},
		{"gRPC message of 4 GiB", submit, "application/grpc", "", octets(append([]byte{0, 255, 255, 255, 255}, noise(1000)...))},
		{"unknown fields", submit, pb, "", octets(bytes.Repeat([]byte{0x78, 1}, most/2))},
		{"empty statements", batch, pb, "", octets(fields(1, nil, most))},
		{"empty objects", submit, pb, "", octets(fields(2, nil, most))},
		{"objects of one byte", submit, pb, "", octets(fields(2, []byte{1}, most))},
		{"statements with objects", batch, pb, "", octets(fields(1, fields(2, nil, 2000), most))},
		{"nested messages", submit, pb, "", octets(nested(1, 10_000))},
		{"nested groups", submit, pb, "", octets(bytes.Repeat([]byte{0x7b}, most))},
		{"nested arrays", submit, js, "", text(strings.Repeat("[", most))},
		{"nested objects", submit, js, "", text(strings.Repeat(`{"envelope":`, most/12))},
		{"nested unknown", submit, js, "", text(`{"x":` + strings.Repeat("[", most/2) + strings.Repeat("]", most/2-8) + "}")},
		{"many members", submit, js, "", text("{" + strings.Repeat(`"x":0,`, most/6-1) + `"y":0}`)},
		{"many empty objects", submit, js, "", text(`{"objects":[` + strings.Repeat(`"",`, most/3-8) + `""]}`)},
		{"many empty statements", batch, js, "", text(`{"requests":[` + strings.Repeat(`{},`, most/3-8) + `{}]}`)},
		{"long number", search, js, "", text(`{"limit":` + strings.Repeat("9", most-16) + "}")},
		{"payload of deep JSON", submit, pb, "", o.payload([]byte(strings.Repeat(`{"a":`, 9_000)))},
		{"payload of many members", submit, pb, "", o.payload([]byte(`{"a":[` + strings.Repeat("0,", 24_000) + "0]}"))},
		{"payload of 1 MB", submit, pb, "", o.payload(bytes.Repeat([]byte("{"), 1_000_000))},
		{"10 MiB of SVID chain", submit, pb, "", encoded(chain)},
		{"512 KiB of SVID chain", submit, pb, "", o.chained(bytes.Repeat(certificate("spiffe://flood.example/a"), (500<<10)/400))},
		{"SPIFFE ID of 100 KB", submit, pb, "", o.chained(certificate("spiffe://flood.example/" + strings.Repeat("a", 100_000)))},
		{"ID of 1 MB", "/deed.v1.EvidenceService/GetProof", js, "", text(`{"id":"id:` + strings.Repeat("a", 1_000_000) + `"}`)},
		{"agent of 1 MB", search, js, "", text(`{"agent":"` + strings.Repeat("a", 1_000_000) + `"}`)},
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// grpc is a length-prefixed message.
func grpc(flags byte, message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message))), message...)
}

func encoded(m proto.Message) func() io.Reader {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err) // of a fixed form
	}
	return octets(b)
}

// payload sends a payload that is well signed.
func (o *office) payload(payload []byte) func() io.Reader {
	e, err := attest.Seal(payload, o.key, o.keyID)
	if err != nil { // too large to sign: as it is
		e = attest.Envelope{Payload: payload, KeyID: o.keyID, Signature: noise(64)}
	}
	return encoded(&deedv1.SubmitRequest{Envelope: &deedv1.Envelope{Payload: e.Payload, Keyid: string(e.KeyID), Signature: e.Signature}})
}

// chained is an action under a chain that the log does not have.
func (o *office) chained(chain []byte) func() io.Reader {
	other := *o
	other.keyID = attest.DigestOf(chain)
	m := other.message(o.act(nonce()))
	m.Objects = [][]byte{chain}
	return encoded(m)
}

// certificate signs itself.
func certificate(id string) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	name, err := url.Parse(id)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), URIs: []*url.URL{name}, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

// TestBodies sends what nobody should send. Each is refused, and cheaply.
func TestBodies(t *testing.T) {
	const most = 50 * time.Millisecond
	p := start(t)
	o := p.open()
	o.during(time.Second, writers, true).sound(p)
	var dearest time.Duration
	list := o.bodies()
	for _, b := range list {
		t.Run(b.name, func(t *testing.T) {
			n, cut := 10, 0 // the processor's time is counted in steps of 10 ms
			before := p.cpu()
			for range n {
				answer := b.send(t, p)
				if answer == "" {
					cut++ // while it was sent
					continue
				}
				if strings.Contains(answer, `"index"`) || !strings.Contains(answer, "code") && !strings.Contains(answer, "grpc-status") && b.path != search {
					t.Fatalf("answered: %.200s", answer)
				}
			}
			if cut == n {
				t.Error("nothing was ever answered")
			}
			each := (p.cpu() - before) / time.Duration(n)
			dearest = max(dearest, each)
			if t.Logf("%v each", each); each > most {
				t.Errorf("%v each, at most %v", each, most)
			}
		})
	}
	o.during(time.Second, few, true).sound(p)
	t.Logf("RESULT %d bodies that nobody should send: refused, the dearest for %v of processor time", len(list), dearest)
}

// send sends a body and returns what was answered, with its code; "" if the
// connection was cut off.
func (b body) send(t *testing.T, p *process) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.url()+b.path, io.NopCloser(b.make()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", b.kind)
	if b.encoding != "" {
		req.Header.Set("Content-Encoding", b.encoding)
	}
	if strings.HasPrefix(b.kind, "application/grpc") {
		req.Header.Set("Grpc-Encoding", "gzip")
		req.Header.Set("Te", "trailers")
	}
	transport := http.DefaultTransport
	if strings.HasPrefix(b.kind, "application/grpc") {
		transport = plain().Transport
	}
	res, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body) // what there is of it
	if status := res.Trailer.Get("Grpc-Status") + res.Header.Get("Grpc-Status"); status != "" && status != "0" {
		return "grpc-status " + status
	}
	if res.StatusCode == http.StatusOK && b.path != search && b.path != batch {
		t.Fatalf("accepted: %.200s", text)
	}
	return fmt.Sprintf("%s %s", res.Status, text)
}
