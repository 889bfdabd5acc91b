package fakeworkload_test

import (
	"strings"
	"testing"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/fakeworkload"
)

// A process that was tricked into sending a request does not send the header.
func TestRequiresHeader(t *testing.T) {
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "example.org"})
	if err != nil {
		t.Fatal(err)
	}
	api := fakeworkload.Start(t, ca, "spiffe://example.org/agent/7")
	conn, err := grpc.NewClient(strings.TrimPrefix(api.Addr(), "tcp://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, test := range []struct {
		name   string
		header []string
		want   codes.Code
	}{
		{"none", nil, codes.InvalidArgument},
		{"not true", []string{"workload.spiffe.io", "yes"}, codes.InvalidArgument},
		{"twice", []string{"workload.spiffe.io", "true", "workload.spiffe.io", "true"}, codes.InvalidArgument},
		{"as it should be", []string{"workload.spiffe.io", "true"}, codes.OK},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := metadata.AppendToOutgoingContext(t.Context(), test.header...)
			stream, err := workload.NewSpiffeWorkloadAPIClient(conn).FetchX509SVID(ctx, &workload.X509SVIDRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); status.Code(err) != test.want {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
